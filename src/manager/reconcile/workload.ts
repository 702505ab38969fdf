/** Which pods a workload has. */
import type { KubeObject } from '../../kube/resources.ts'
import type { Container, Pod, Service, Workload } from '../kinds.ts'

/** What one namespace has, as far as attachments are concerned. */
export interface NamespaceView {
  pods: Iterable<Pod>
  services: Iterable<Service>
  workloads: Iterable<Workload>
}

export interface Resolved {
  /** Pods that may take requests now: running, not ending. */
  pods: Pod[]
  containers: Container[]
  /** Container ports that Services lead to: numbers, or names of container ports. */
  targets: Set<number>
}

/** Undefined when the workload does not exist. */
export function resolveWorkload(view: NamespaceView, kind: string, name: string): Resolved | undefined {
  const workloads = [...view.workloads]
  const pods = [...view.pods]
  const own = kind === 'Pod' ? pods.find(({ metadata }) => metadata.name === name) : undefined
  const workload = workloads.find((one) => one.kind === kind && one.metadata.name === name)
  if (workload === undefined && own === undefined) return undefined
  const owned = (one: KubeObject, owner: KubeObject): boolean =>
    one.metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === owner.metadata.uid) ===
    true
  const owners = workload === undefined ? [] : [workload, ...workloads.filter((one) => owned(one, workload))]
  const mine = own === undefined ? pods.filter((pod) => owners.some((owner) => owned(pod, owner))) : [own]
  const template = workload?.spec.template
  const containers = template?.spec?.containers ?? mine[0]?.spec.containers ?? []
  const labels = template?.metadata?.labels ?? mine[0]?.metadata.labels ?? {}
  return { pods: mine.filter(isRunning), containers, targets: serviceTargets(view.services, labels, containers) }
}

function isRunning({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase === 'Running'
}

function serviceTargets(
  services: Iterable<Service>,
  labels: Record<string, string>,
  containers: Container[],
): Set<number> {
  const targets = new Set<number>()
  for (const { spec } of services) {
    const selector = Object.entries(spec.selector ?? {})
    if (selector.length === 0 || !selector.every(([key, value]) => labels[key] === value)) continue
    for (const { port, targetPort = port } of spec.ports ?? []) {
      const number = typeof targetPort === 'number' ? targetPort : portNamed(containers, targetPort)
      if (number !== undefined) targets.add(number)
    }
  }
  return targets
}

/** The number of a container port by name. */
export function portNamed(containers: Container[], name: string): number | undefined {
  const ports = containers.flatMap(({ ports = [] }) => ports)
  return ports.find((port) => port.name === name)?.containerPort
}
