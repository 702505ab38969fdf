import { VERSION as API_VERSION, GROUP, type Intercept } from '../../kube/resources.ts'
import type { ListResult, Target } from '../../lib/daemon-api.ts'
import { byTurn } from '../../lib/filter/precedence.ts'
import type { Attachment } from '../attachment/attachment.ts'
import { readServices, readWorkloads } from '../catalog.ts'
import { portsOf } from '../ports.ts'
import type { CallContext } from './context.ts'
import { join } from './join.ts'
import { knowNamespace } from './know-namespace.ts'

type Held = ListResult['workloads'][number]['held'][number]
type Own = Pick<Attachment, 'name' | 'namespace' | 'filtered' | 'agents'>

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
    namespace === undefined ? undefined : knowNamespace(cluster, namespace),
  ])
  const { user } = cluster.joined()
  return {
    ...(namespace !== undefined && { namespace }),
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
        held: held.map((one) => heldOf(one, user, cluster.attachments)).sort(byTurn),
      }
    }),
  }
}

export function heldOf({ metadata, spec, status }: Intercept, user: string, attachments: Iterable<Own>): Held {
  const { name, namespace, creationTimestamp: since = '' } = metadata
  const own = [...attachments].find((one) => one.name === name && one.namespace === namespace)
  const { wiretap } = spec
  return {
    name,
    by: spec.owner,
    mode: spec.mode,
    filter: spec.filter,
    priority: spec.priority ?? 0,
    ifDown: spec.ifDown ?? 'app',
    ...(wiretap !== undefined && { wiretap }),
    ...(own !== undefined && { filtered: own.filtered.counts }),
    since,
    yours: spec.owner === user,
    here: own !== undefined,
    // This laptop knows of its own what managers cannot: whether something listens. `status` says the same.
    routeNow: routeOf(own?.agents ?? status?.agents ?? []),
  }
}

function routeOf(agents: readonly { routeNow?: string }[]): string {
  const routes = new Set(agents.map(({ routeNow = 'app' }) => routeNow))
  return routes.size === 0 ? 'app' : [...routes].sort().join(', ')
}
