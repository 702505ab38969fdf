import { fault } from '../../diagnose/catalogue.ts'
import type { InterceptPort } from '../../kube/resources.ts'
import type { AgentView, AttachRequest, AttachResult, EarlierConnections, RunPlace } from '../../lib/daemon-api.ts'
import type { Fault } from '../../lib/fault.ts'
import { writeTerm } from '../../lib/filter/term.ts'
import { Attachment, type AttachmentSpec } from '../attachment/attachment.ts'
import { hasVerb, lacksVerb } from '../attachment/lacks-verb.ts'
import { lookInside } from '../attachment/look-inside.ts'
import { Program } from '../attachment/program.ts'
import { noPods } from '../attachment/refusals.ts'
import type { Taker } from '../attachment/taker.ts'
import { readServices, readWorkloads } from '../catalog.ts'
import type { Cluster } from '../cluster.ts'
import { laptopEnvironment } from '../environment.ts'
import { listensHere } from '../listens-here.ts'
import type { Place } from '../place.ts'
import { resolvePorts, waysTo } from '../ports.ts'
import { resolveWorkload, shortName } from '../workload.ts'
import { checkFilter } from './check-filter.ts'
import type { CallContext, Holding, Teller } from './context.ts'
import { curlLine } from './curl-line.ts'
import { join } from './join.ts'
import { knowNamespace } from './know-namespace.ts'
import { refuseBusyPorts } from './refuse-busy-ports.ts'
import { readRivals, rivalLines } from './rivals.ts'
import { startPlace } from './start-place.ts'

/** What kinds of attachments do each in their way. */
export interface Kind {
  spec: Omit<AttachmentSpec, 'container' | 'ports' | 'filter' | 'tls' | 'reopen'>
  taker(program: Program, cluster: Cluster): Taker
  /** What is said when a first request finds that `what`: nothing listens. */
  unheard(what: string): string
  /** What is said when nothing listens yet. */
  unused(what: string): string
}

/** Attaches to a workload; with a command also makes the network in which its program will run. */
export async function attach(
  context: CallContext,
  request: AttachRequest,
  kind: Kind,
  signal: AbortSignal,
  tell: Teller,
): Promise<Holding<AttachResult>> {
  const startedAt = performance.now()
  if (request.filter !== undefined) await checkFilter(request.filter)
  const { cluster } = await join(context.clusters, request.target, signal)
  const namespace = request.namespace || cluster.namespace
  const [workloads, services] = await Promise.all([
    readWorkloads(cluster.client, namespace),
    readServices(cluster.client, namespace),
    knowNamespace(cluster, namespace),
  ])
  const workload = resolveWorkload(request.workload, namespace, workloads)
  const { container } = request
  const { mode } = kind.spec
  if (container !== undefined && !workload.containers.includes(container)) {
    throw fault(
      'RC-I-215',
      `Cannot ${mode} ${shortName(workload)}: it has no container "${container}", only ${workload.containers.join(', ')}. Nothing was changed.`,
      [`remocal list -n ${namespace}`],
    )
  }
  if (workload.replicas === 0) throw noPods({ mode, workload })
  const ports = resolvePorts(request.ports, workload, services)
  const who = { client: cluster.client, joined: cluster.joined() }
  const [tls, mayReopen] = await Promise.all([
    lookInside(who, mode, workload, request.tls, signal),
    request.reopen !== true || hasVerb(who, 'reopen', workload, signal),
  ])
  if (!mayReopen) throw lacksVerb(who, 'reopen', mode, workload)
  // After what is wrong with the request itself: another port would not help that.
  if (!request.command) refuseBusyPorts(context.clusters, ports)
  const filter = request.filter ?? writeTerm({ kind: 'mark', mark: cluster.joined().mark })

  const lost = Promise.withResolvers<Fault>()
  const place = request.command ? await startPlace(context, cluster, namespace, signal, lost.resolve) : undefined
  const program: Program = new Program({
    ports,
    place,
    plaintext: request.tls?.plaintext === true,
    onUnheard(port) {
      const { what, hint } = program.unheard(port)
      tell.warning(`${kind.unheard(what)}${hint}`)
    },
  })
  const attachment = new Attachment({
    cluster,
    workload,
    spec: {
      ...kind.spec,
      ...(container !== undefined && { container }),
      ports,
      filter,
      ...(tls && { tls }),
      ...(request.reopen && { reopen: true }),
    },
    program,
    taker: kind.taker(program, cluster),
    onWaiting: (text) => tell.step(text),
    onTrouble: (text) => tell.warning(text),
    onLost(reason) {
      cluster.attachments.delete(attachment)
      lost.resolve(reason)
    },
  })
  cluster.attachments.add(attachment)
  const end = async (): Promise<void> => {
    cluster.attachments.delete(attachment)
    await attachment.end()
    place?.close()
  }
  try {
    // The same requests may just be leaving: whoever holds them then is nobody.
    await Promise.all(cluster.ending)
    await attachment.start(signal)
    for (const line of rivalLines(await readRivals(cluster, attachment), attachment.spec.priority)) tell.warning(line)
    if (place === undefined) warnUnused(ports, kind, tell)
    const run = place === undefined ? undefined : await describePlace(place, attachment, tell)
    const { agents } = attachment
    const earlier = earlierOf(agents)
    const curl = curlLine(filter, namespace, ports, waysTo(workload, services))
    return {
      lost: lost.promise,
      end,
      result: {
        name: attachment.name,
        namespace,
        workload: shortName(workload),
        ports: ports.map(({ port, target, service }) => ({ port, target, ...(service !== undefined && { service }) })),
        filter,
        pods: agents.map(({ pod }) => pod),
        ...(earlier !== undefined && { earlier }),
        ...(curl !== undefined && { curl }),
        ...(run !== undefined && { run }),
        tookMs: performance.now() - startedAt,
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** Of all pods together. */
function earlierOf(agents: readonly AgentView[]): EarlierConnections | undefined {
  const found = agents.map(({ earlier }) => earlier).filter((one) => one !== undefined)
  if (found.length === 0) return undefined
  return {
    connections: found.reduce((sum, { connections }) => sum + connections, 0),
    ends: found.every(({ ends }) => ends),
    wished: found.every(({ wished }) => wished),
  }
}

async function describePlace(place: Place, attachment: Attachment, tell: Teller): Promise<RunPlace> {
  const app = await attachment.environment()
  if (app === undefined) tell.warning("the app's environment could not be read; the program has this shell's")
  const { env, dropped } = laptopEnvironment(app?.env ?? {})
  const described = place.describe(env)
  if (dropped.length > 0) described.notes = [...described.notes, `left out of the environment: ${dropped.join(', ')}`]
  return described
}

function warnUnused(ports: InterceptPort[], kind: Kind, tell: Teller): void {
  for (const { target } of ports) {
    if (!listensHere(target)) tell.warning(kind.unused(`nothing listens on port ${target} of this laptop`))
  }
}
