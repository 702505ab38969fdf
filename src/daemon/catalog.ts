/** Workloads and Services of a namespace, as the API server has them now. */
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/resources.ts'
import { Fault } from '../lib/fault.ts'
import type { ServiceView } from './ports.ts'
import { KINDS, type Workload } from './workload.ts'

interface PodSpec {
  containers: { name: string; ports?: { name?: string; containerPort: number; protocol?: string }[] }[]
}

interface Raw extends KubeObject {
  spec: PodSpec & {
    replicas?: number
    template?: { metadata?: { labels?: Record<string, string> }; spec?: PodSpec }
  }
  status?: {
    readyReplicas?: number
    numberReady?: number
    desiredNumberScheduled?: number
    active?: number
    ready?: number
    conditions?: { type: string; status: string }[]
  }
}

interface RawService extends KubeObject {
  spec: {
    selector?: Record<string, string>
    ports?: { name?: string; port: number; targetPort?: number | string; protocol?: string }[]
  }
}

/** What can be attached to; what belongs to another workload is left out. @param namespace undefined: of all */
export async function readWorkloads(client: KubeClient, namespace: string | undefined): Promise<Workload[]> {
  const lists = await Promise.allSettled(
    KINDS.map(async ({ kind, apiVersion }) => {
      const { items } = await client.list<Raw>({ apiVersion, kind, namespace })
      return items
        .filter(({ metadata }) => !metadata.ownerReferences?.some(({ controller }) => controller === true))
        .map((raw) => workloadOf(raw, kind))
    }),
  )
  const failures = lists.flatMap((list) => (list.status === 'rejected' ? [list.reason as Error] : []))
  // Whoever may see some kinds sees those.
  const grave = failures.find((error) => !(error instanceof Fault) || error.code !== 'RC-C-114')
  if (grave !== undefined || failures.length === lists.length) throw grave ?? failures[0]
  return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []))
}

export async function readServices(
  client: KubeClient,
  namespace: string | undefined,
): Promise<(ServiceView & { namespace: string })[]> {
  const { items } = await client.list<RawService>({ apiVersion: 'v1', kind: 'Service', namespace })
  return items.map(({ metadata, spec }) => ({
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    selector: spec.selector ?? {},
    ports: (spec.ports ?? [])
      .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
      .map(({ name, port, targetPort = port }) => ({ port, targetPort, ...(name !== undefined && { name }) })),
  }))
}

function workloadOf({ metadata, spec, status }: Raw, kind: string): Workload {
  const own = kind === 'Pod'
  const containers = (own ? spec.containers : spec.template?.spec?.containers) ?? []
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')
  return {
    namespace: metadata.namespace ?? '',
    kind,
    name: metadata.name,
    ready: own ? Number(isReady === true) : (status?.readyReplicas ?? status?.numberReady ?? status?.ready ?? 0),
    replicas: own ? 1 : (status?.desiredNumberScheduled ?? spec.replicas ?? status?.active ?? 1),
    labels: (own ? metadata.labels : spec.template?.metadata?.labels) ?? {},
    containers: containers.map(({ name }) => name),
    ports: containers.flatMap(({ name: container, ports = [] }) =>
      ports
        .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
        .map(({ name, containerPort }) => ({ port: containerPort, container, ...(name !== undefined && { name }) })),
    ),
  }
}
