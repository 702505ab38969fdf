/** The calls of `lib/daemon-api.ts`, as functions of what was asked. */
import { fault } from '../diagnose/catalogue.ts'
import { VERSION as API_VERSION, GROUP, type Intercept, type InterceptPort } from '../kube/resources.ts'
import type {
  ConnectResult,
  InterceptRequest,
  InterceptResult,
  LeaveResult,
  ListResult,
  RunPlace,
  StatusResult,
  Target,
} from '../lib/daemon-api.ts'
import type { Fault } from '../lib/fault.ts'
import { compileFilter } from '../lib/filter/compile.ts'
import { FilterError } from '../lib/filter/filter-error.ts'
import { curlFlags, writeTerm } from '../lib/filter/terms.ts'
import { Attachment } from './attachment.ts'
import { readServices, readWorkloads } from './catalog.ts'
import type { Cluster } from './cluster.ts'
import type { Clusters } from './clusters.ts'
import { laptopEnvironment } from './environment.ts'
import { Place } from './place.ts'
import { portsOf, resolvePorts, type ServiceView } from './ports.ts'
import { KINDS, resolveWorkload, shortName } from './workload.ts'

export interface CallContext {
  clusters: Clusters
  /** The program's entry, for runners. */
  entry: string
  /** An empty folder for a runner, new each time. */
  newFolder(): string
}

/** What a long call says meanwhile. */
export interface Teller {
  step(text: string): void
  warning(text: string): void
}

/** Something that hangs on an open call. */
export interface Holding<T> {
  result: T
  /** Resolves when it ended by itself, with why. */
  lost: Promise<Fault>
  end(): Promise<void>
}

export async function connect(
  { clusters }: CallContext,
  { target }: { target: Target },
  signal: AbortSignal,
): Promise<ConnectResult> {
  return (await join(clusters, target, signal)).result
}

/** The cluster of a target, connected; forgotten when it cannot be. */
async function join(
  clusters: Clusters,
  target: Target,
  signal: AbortSignal,
): Promise<{ cluster: Cluster; result: ConnectResult }> {
  const cluster = clusters.of(target)
  try {
    return { cluster, result: await cluster.connect(signal) }
  } catch (error) {
    if (cluster.attachments.size === 0 && !cluster.isWanted) clusters.drop(cluster)
    throw error
  }
}

export async function list(
  { clusters }: CallContext,
  request: { target: Target; namespace: string; allNamespaces?: boolean },
  signal: AbortSignal,
): Promise<ListResult> {
  const { cluster } = await join(clusters, request.target, signal)
  const namespace = request.allNamespaces === true ? undefined : request.namespace || cluster.namespace
  const path = { apiVersion: `${GROUP}/${API_VERSION}`, kind: 'Intercept', namespace }
  const [workloads, services, intercepts] = await Promise.all([
    readWorkloads(cluster.client, namespace),
    readServices(cluster.client, namespace),
    cluster.client.list<Intercept>(path),
  ])
  const { user } = cluster.joined()
  return {
    workloads: workloads.map((workload) => {
      const near = services.filter((service) => service.namespace === workload.namespace)
      const held = intercepts.items.filter(
        ({ metadata, spec }) =>
          metadata.namespace === workload.namespace &&
          metadata.deletionTimestamp === undefined &&
          spec.workload.kind === workload.kind &&
          spec.workload.name === workload.name,
      )
      const { namespace: of, kind, name, ready, replicas } = workload
      return {
        ...{ namespace: of, kind, name, ready, replicas },
        ports: portsOf(workload, near).map(({ port, name: portName, services: ways }) => ({
          port,
          ...(portName !== undefined && { name: portName }),
          services: ways,
        })),
        held: held.map(({ metadata, spec, status }) => ({
          by: spec.owner,
          filter: spec.filter,
          since: metadata.creationTimestamp ?? '',
          yours: spec.owner === user,
          routeNow: routeOf(status),
        })),
      }
    }),
  }
}

function routeOf(status: Intercept['status']): string {
  const routes = new Set((status?.agents ?? []).map(({ routeNow = 'app' }) => routeNow))
  return routes.size === 0 ? 'app' : [...routes].sort().join(', ')
}

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
    await attachment.start(signal)
    const run = place === undefined ? undefined : await describePlace(place, attachment, tell)
    const curl = curlLine(filter, namespace, ports, services)
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

async function checkFilter(cel: string): Promise<void> {
  try {
    await compileFilter(cel)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw fault('RC-U-102', `Cannot use the filter: ${error.message}. Nothing was changed.\n${error.shown}`, [
      'remocal explain RC-U-102',
    ])
  }
}

/** Without a command the program listens on this laptop: one port cannot serve two attachments. */
function refuseBusyPorts(clusters: Clusters, ports: InterceptPort[]): void {
  for (const { attachments } of clusters) {
    for (const attachment of attachments) {
      if (attachment.isPlaced) continue
      const busy = ports.find(({ target }) => attachment.ports.some((other) => other.target === target))
      if (busy === undefined) continue
      const holder = shortName(attachment.workload)
      throw fault(
        'RC-L-108',
        `Cannot lead requests to port ${busy.target} of this laptop: ${holder} in ${attachment.namespace} has it. Nothing was changed.`,
        [`name another one: --port ${busy.port}:OTHER`, `remocal leave ${holder} -n ${attachment.namespace}`],
      )
    }
  }
}

function startPlace(
  { entry, newFolder }: CallContext,
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
  lost: (reason: Fault) => void,
): Promise<Place> {
  const { clock, logger, dialer } = cluster
  return Place.start({
    entry,
    folder: newFolder(),
    namespace,
    dialer,
    clock,
    logger,
    signal,
    onExit: () => lost(fault('RC-L-106', "The program's network has ended.")),
  })
}

async function describePlace(place: Place, attachment: Attachment, tell: Teller): Promise<RunPlace> {
  const app = await attachment.environment()
  if (app === undefined) tell.warning("the app's environment could not be read; the program has this shell's")
  const { env, dropped } = laptopEnvironment(app?.env ?? {})
  const described = place.describe(env)
  if (dropped.length > 0) described.notes = [...described.notes, `left out of the environment: ${dropped.join(', ')}`]
  return described
}

function curlLine(
  filter: string,
  namespace: string,
  ports: InterceptPort[],
  services: ServiceView[],
): string | undefined {
  const flags = curlFlags(filter)
  const [port] = ports
  const service = services.find(({ name }) => name === port?.service)
  if (flags === undefined || port === undefined || service === undefined) return undefined
  const way = service.ports.find(({ targetPort }) => targetPort === port.port) ?? service.ports[0]
  const address = `http://${service.name}.${namespace}${way === undefined || way.port === 80 ? '' : `:${way.port}`}/`
  return [
    'curl',
    ...flags.map((flag) => (/^[\w@%+=:,./-]+$/.test(flag) ? flag : `'${flag.replaceAll("'", `'\\''`)}'`)),
    address,
  ].join(' ')
}

export async function run(
  context: CallContext,
  { target, namespace }: { target: Target; namespace: string },
  signal: AbortSignal,
): Promise<Holding<RunPlace>> {
  const { cluster } = await join(context.clusters, target, signal)
  const lost = Promise.withResolvers<Fault>()
  const place = await startPlace(context, cluster, namespace || cluster.namespace, signal, lost.resolve)
  return { result: place.describe({}), lost: lost.promise, end: async () => place.close() }
}

export async function leave(
  { clusters }: CallContext,
  { target, namespace, workload }: { target: Target; namespace?: string; workload?: string },
): Promise<LeaveResult> {
  const cluster = clusters.find(target)
  const all = [...(cluster?.attachments ?? [])].filter((one) => namespace === undefined || one.namespace === namespace)
  const chosen = workload === undefined ? all : all.filter((one) => isNamed(one, workload))
  if (workload !== undefined && chosen.length === 0) {
    const others = all.map((one) => `${shortName(one.workload)} in ${one.namespace}`)
    const what = others.length === 0 ? 'nothing is' : `only ${others.join(', ')}`
    throw fault('RC-I-201', `Cannot leave ${workload}: it is not attached, ${what}. Nothing was changed.`, [
      'remocal status',
    ])
  }
  await Promise.all(
    chosen.map(async (one) => {
      cluster?.attachments.delete(one)
      await one.end()
      one.left()
    }),
  )
  return { left: chosen.map((one) => ({ namespace: one.namespace, workload: shortName(one.workload) })) }
}

function isNamed({ workload }: Attachment, typed: string): boolean {
  const [kind, name] = typed.includes('/') ? typed.split('/', 2) : [undefined, typed]
  const names = KINDS.find((one) => one.kind === workload.kind)?.names ?? []
  return workload.name === name && (kind === undefined || names.includes(kind.toLowerCase()))
}

export function status({ clusters }: CallContext): StatusResult['clusters'] {
  return [...clusters].flatMap((cluster) => {
    if (!cluster.isWanted) return []
    const { user, mark } = cluster.joined()
    const { carrier, trouble } = cluster
    return [
      {
        context: cluster.contextName,
        user,
        mark,
        state: cluster.state,
        ...(trouble !== undefined && { message: trouble }),
        manager: carrier?.pod ?? '',
        managerVersion: carrier?.session.hello.version ?? '',
        rttMs: carrier?.session.rttMs ?? 0,
        attachments: [...cluster.attachments].map((one) => ({
          namespace: one.namespace,
          workload: shortName(one.workload),
          filter: one.filter,
          ports: one.ports.map(({ port, target }) => ({ port, target })),
          since: one.since,
          agents: one.agents,
        })),
      },
    ]
  })
}
