/** Workloads as people name them: `deploy/orders`, or `orders` when only one has that name. */
import { fault } from '../diagnose/catalogue.ts'
import { nearest } from '../lib/nearest.ts'

export interface WorkloadKind {
  kind: string
  apiVersion: string
  /** What kubectl takes for it; the first is what we print. */
  names: string[]
}

export const KINDS: WorkloadKind[] = [
  { kind: 'Deployment', apiVersion: 'apps/v1', names: ['deploy', 'deployment', 'deployments'] },
  { kind: 'StatefulSet', apiVersion: 'apps/v1', names: ['sts', 'statefulset', 'statefulsets'] },
  { kind: 'DaemonSet', apiVersion: 'apps/v1', names: ['ds', 'daemonset', 'daemonsets'] },
  { kind: 'ReplicaSet', apiVersion: 'apps/v1', names: ['rs', 'replicaset', 'replicasets'] },
  { kind: 'Job', apiVersion: 'batch/v1', names: ['job', 'jobs'] },
  { kind: 'Pod', apiVersion: 'v1', names: ['pod', 'pods', 'po'] },
]

export interface ContainerPort {
  name?: string
  port: number
  container: string
}

/** One that can be attached to: what Kubernetes says of it, no more than is needed. */
export interface Workload {
  namespace: string
  kind: string
  name: string
  ready: number
  replicas: number
  /** Labels of its pods. */
  labels: Record<string, string>
  /** Container ports that speak TCP. */
  ports: ContainerPort[]
  containers: string[]
}

/** `deploy/orders`. */
export function shortName({ kind, name }: Pick<Workload, 'kind' | 'name'>): string {
  return `${KINDS.find((known) => known.kind === kind)?.names[0] ?? kind.toLowerCase()}/${name}`
}

/** Whether `typed`, `kind/name` or `name`, names this workload. */
export function isNamed({ kind, name }: Pick<Workload, 'kind' | 'name'>, typed: string): boolean {
  const [typedKind, typedName] = typed.includes('/') ? typed.split('/', 2) : [undefined, typed]
  const names = KINDS.find((known) => known.kind === kind)?.names ?? []
  return name === typedName && (typedKind === undefined || names.includes(typedKind.toLowerCase()))
}

/**
 * Finds what was typed.
 * @param typed `kind/name` or `name`
 * @param workloads all of the namespace
 * Throws RC-I-201 with the nearest names, RC-I-203 when several have the name, RC-U-101 for an unknown kind.
 */
export function resolveWorkload(typed: string, namespace: string, workloads: Workload[]): Workload {
  const [first = '', ...rest] = typed.split('/')
  const name = rest.length === 0 ? first : rest.join('/')
  const kind = rest.length === 0 ? undefined : kindOf(first, typed)
  const found = workloads.filter((workload) => workload.name === name && (kind === undefined || workload.kind === kind))
  const [only, ...more] = found
  if (only !== undefined && more.length === 0) return only
  if (only !== undefined) {
    const names = found.map(shortName)
    throw fault(
      'RC-I-203',
      `Cannot attach to "${typed}": ${names.join(' and ')} both have this name. Nothing was changed.`,
      [`say one of ${names.join(', ')}`],
    )
  }
  const near = nearest(
    name,
    workloads.map((workload) => workload.name),
  )
  const candidates = workloads.filter((workload) => near.includes(workload.name)).map(shortName)
  const others =
    workloads.length === 0
      ? 'it has no workloads'
      : candidates.length > 0
        ? `the nearest is ${candidates.slice(0, 3).join(', ')}`
        : `it has ${list(workloads.map(shortName))}`
  throw fault(
    'RC-I-201',
    `Cannot attach to ${typed}: there is no such workload in namespace ${namespace}; ${others}. Nothing was changed.`,
    [`remocal list -n ${namespace}`],
  )
}

function kindOf(typed: string, whole: string): string {
  const found = KINDS.find(({ names }) => names.includes(typed.toLowerCase().replace(/\..*$/, '')))
  if (found !== undefined) return found.kind
  const known = KINDS.map(({ names }) => names[0] ?? '')
  throw fault(
    'RC-U-101',
    `Cannot attach to ${whole}: there is no kind "${typed}" that can be attached to, only ${known.join(', ')}. Nothing was changed.`,
    ['remocal list'],
  )
}

function list(names: string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
}
