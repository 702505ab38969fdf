import { fault } from '../../diagnose/catalogue.ts'
import type { InterceptPort } from '../../kube/resources.ts'
import type { InterceptRequest, InterceptResult, RunPlace } from '../../lib/daemon-api.ts'
import type { Fault } from '../../lib/fault.ts'
import { writeTerm } from '../../lib/filter/term.ts'
import { Attachment } from '../attachment.ts'
import { readServices, readWorkloads } from '../catalog.ts'
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
import { startPlace } from './start-place.ts'

/** Attaches to a workload; with a command also makes the network in which its program will run. */
export async function intercept(
  context: CallContext,
  request: InterceptRequest,
  signal: AbortSignal,
  tell: Teller,
): Promise<Holding<InterceptResult>> {
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
  if (container !== undefined && !workload.containers.includes(container)) {
    throw fault(
      'RC-I-207',
      `Cannot intercept ${shortName(workload)}: it has no container "${container}", only ${workload.containers.join(', ')}. Nothing was changed.`,
      [`remocal list -n ${namespace}`],
    )
  }
  const ports = resolvePorts(request.ports, workload, services)
  if (!request.command) refuseBusyPorts(context.clusters, ports)
  const filter = request.filter ?? writeTerm({ kind: 'mark', mark: cluster.joined().mark })

  const lost = Promise.withResolvers<Fault>()
  const place = request.command ? await startPlace(context, cluster, namespace, signal, lost.resolve) : undefined
  const attachment = new Attachment({
    cluster,
    workload,
    container,
    ports,
    filter,
    priority: request.priority ?? 0,
    place,
    onWaiting: (text) => tell.step(text),
    onUnheard: (port) => tell.warning(unheard(port, place)),
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
    if (place === undefined) warnUnused(attachment, tell)
    const run = place === undefined ? undefined : await describePlace(place, attachment, tell)
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
        pods: attachment.agents.map(({ pod }) => pod),
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

async function describePlace(place: Place, attachment: Attachment, tell: Teller): Promise<RunPlace> {
  const app = await attachment.environment()
  if (app === undefined) tell.warning("the app's environment could not be read; the program has this shell's")
  const { env, dropped } = laptopEnvironment(app?.env ?? {})
  const described = place.describe(env)
  if (dropped.length > 0) described.notes = [...described.notes, `left out of the environment: ${dropped.join(', ')}`]
  return described
}

/** What a program that listens elsewhere, or not yet, is told when the first request comes. */
function unheard({ port, target }: InterceptPort, place: Place | undefined): string {
  const where = place === undefined ? 'of this laptop' : 'of the program'
  const others = place === undefined ? [] : place.listening
  const hint = others.length === 0 ? '' : `; it listens on ${others.join(', ')}: --port ${port}:${others[0]}`
  return `a request came, but nothing listens on port ${target} ${where}: it went to the app${hint}`
}

function warnUnused({ ports }: Attachment, tell: Teller): void {
  for (const { target } of ports) {
    if (listensHere(target)) continue
    tell.warning(`nothing listens on port ${target} of this laptop; until something does, these requests go to the app`)
  }
}
