/** Which attachments are accepted, and which pods they cover. */

import type { Intercept } from '../../kube/resources.ts'
import { normalize } from '../../lib/filter/normalize.ts'
import { overlap, rankOf } from '../../lib/filter/overlap.ts'
import type { Pod } from '../kinds.ts'
import { type NamespaceView, type Resolved, resolveWorkload } from './workload.ts'

export interface Decision {
  intercept: Intercept
  accepted: boolean
  /** Reason of the condition `Accepted`. */
  reason: 'Accepted' | 'Forbidden' | 'Conflict' | 'WorkloadNotFound' | 'PortNotFound' | 'FilterInvalid'
  message: string
  /** Pods that it covers; none unless accepted. */
  pods: Pod[]
}

export interface DecideInput {
  intercepts: Iterable<Intercept>
  view(namespace: string): NamespaceView | undefined
  /** Why a filter does not compile. */
  filterProblem(cel: string): string | undefined
  /** Why its owner may not have it any more. */
  lacking(intercept: Intercept): string | undefined
}

/** Decides on all attachments, the oldest first: of two that want the same the older one has it. */
export function decideAll({ intercepts, view, filterProblem, lacking }: DecideInput): Decision[] {
  const decisions: Decision[] = []
  for (const intercept of [...intercepts].sort(older)) {
    if (intercept.metadata.deletionTimestamp !== undefined) continue
    const namespace = view(intercept.metadata.namespace ?? '')
    // Not known yet: nothing is said about it before its namespace is.
    if (namespace === undefined) continue
    decisions.push(decide(intercept, namespace, lacking(intercept), filterProblem(intercept.spec.filter), decisions))
  }
  return decisions
}

function decide(
  intercept: Intercept,
  view: NamespaceView,
  lacking: string | undefined,
  problem: string | undefined,
  earlier: Decision[],
): Decision {
  const { workload, ports } = intercept.spec
  const no = (reason: Decision['reason'], message: string): Decision => ({
    intercept,
    accepted: false,
    reason,
    message,
    pods: [],
  })
  if (lacking !== undefined) return no('Forbidden', lacking)
  if (problem !== undefined) return no('FilterInvalid', problem)
  const resolved = resolveWorkload(view, workload.kind, workload.name)
  if (resolved === undefined) return no('WorkloadNotFound', `there is no ${workload.kind} ${workload.name}`)
  const missing = ports.filter(({ port }) => !knows(resolved, port)).map(({ port }) => port)
  if (missing.length > 0) {
    return no(
      'PortNotFound',
      `${workload.kind} ${workload.name} has no port ${missing.join(', ')}; ${offered(resolved)}`,
    )
  }
  const holder = earlier.find((other) => other.accepted && collide(other.intercept, intercept))?.intercept
  if (holder !== undefined) {
    return no('Conflict', conflict(intercept, holder))
  }
  return {
    intercept,
    accepted: true,
    reason: 'Accepted',
    message: `covers ${resolved.pods.length} pods`,
    pods: resolved.pods,
  }
}

function conflict({ spec }: Intercept, holder: Intercept): string {
  const { owner, filter, workload, priority = 0 } = holder.spec
  const what = filter === '' ? 'all requests' : `requests with ${filter}`
  const held = `${what} of ${workload.kind} ${workload.name} are held by ${owner} since ${holder.metadata.creationTimestamp}`
  if (normalize(filter) === normalize(spec.filter)) return held
  return `${held}, and a request may match that filter and yours; with a --priority other than ${priority} both can stay, the higher one is asked first`
}

/** Requests of the same ports that both want, when neither goes before the other. Copies are for everybody. */
function collide(a: Intercept, b: Intercept): boolean {
  return (
    a.spec.mode === 'intercept' &&
    b.spec.mode === 'intercept' &&
    a.metadata.namespace === b.metadata.namespace &&
    a.spec.workload.kind === b.spec.workload.kind &&
    a.spec.workload.name === b.spec.workload.name &&
    (a.spec.priority ?? 0) === (b.spec.priority ?? 0) &&
    a.spec.ports.some(({ port }) => b.spec.ports.some((other) => other.port === port)) &&
    rankOf(a.spec.filter) === rankOf(b.spec.filter) &&
    overlap(a.spec.filter, b.spec.filter) === 'overlap'
  )
}

function knows({ containers, targets }: Resolved, port: number): boolean {
  return (
    targets.has(port) || containers.some(({ ports = [] }) => ports.some(({ containerPort }) => containerPort === port))
  )
}

function offered({ containers, targets }: Resolved): string {
  const declared = containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort))
  const all = [...new Set([...declared, ...targets])]
  return all.length === 0 ? 'it declares none' : `it has ${all.join(', ')}`
}

/** Oldest first; of one second (the API server tells no more) the one that has been accepted, then by name. */
export function older(a: Intercept, b: Intercept): number {
  const times = (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '')
  if (times !== 0) return times
  const accepted = Number(wasAccepted(b)) - Number(wasAccepted(a))
  return accepted !== 0 ? accepted : nameOf(a).localeCompare(nameOf(b))
}

function wasAccepted({ status }: Intercept): boolean {
  return status?.conditions?.some((one) => one.type === 'Accepted' && one.status === 'True') === true
}

function nameOf({ metadata }: Intercept): string {
  return `${metadata.namespace}/${metadata.name}`
}
