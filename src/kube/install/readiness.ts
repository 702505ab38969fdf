/** Whether what runs is ready, and if not, the reason that is nearest to the cause. */
import type { CallOptions, KubeClient } from '../client.ts'
import type { Condition, KubeObject } from '../resources.ts'

interface Workload extends KubeObject {
  spec: { replicas?: number; selector: { matchLabels: Record<string, string> } }
  status?: {
    observedGeneration?: number
    readyReplicas?: number
    updatedReplicas?: number
    replicas?: number
    conditions?: Condition[]
  }
}

interface ContainerStatus {
  name: string
  state?: { waiting?: { reason?: string; message?: string } }
  lastState?: { terminated?: { reason?: string; exitCode?: number } }
}

interface PodObject extends KubeObject {
  status?: { phase?: string; containerStatuses?: ContainerStatus[]; conditions?: Condition[] }
}

interface EventObject extends KubeObject {
  reason?: string
  message?: string
  type?: string
}

export interface Readiness {
  ready: boolean
  /** `1 of 2 pods ready`. */
  count: string
  /** Why not, as Kubernetes says it. */
  reason?: string
  /** True: no waiting will help, somebody must act. */
  final: boolean
}

const FINAL = new Set(['ErrImageNeverPull', 'InvalidImageName', 'CreateContainerConfigError'])
/** What every container says while it starts. */
const USUAL = new Set(['ContainerCreating', 'PodInitializing'])

/** Looks at a StatefulSet or Deployment. */
export async function readiness(
  client: KubeClient,
  path: { kind: 'StatefulSet' | 'Deployment'; namespace: string; name: string },
  options: CallOptions,
): Promise<Readiness> {
  const workload = await client.get<Workload>({ apiVersion: 'apps/v1', ...path }, options)
  const wanted = workload.spec.replicas ?? 1
  const { observedGeneration = 0, readyReplicas = 0, updatedReplicas = 0, replicas = 0 } = workload.status ?? {}
  const count = `${Math.min(readyReplicas, updatedReplicas)} of ${wanted} pods ready`
  const seen = observedGeneration >= (workload.metadata.generation ?? 0)
  if (seen && readyReplicas >= wanted && updatedReplicas >= wanted && replicas === wanted) {
    return { ready: true, count, final: false }
  }
  const labelSelector = Object.entries(workload.spec.selector.matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const pods = await client.list<PodObject>(
    { apiVersion: 'v1', kind: 'Pod', namespace: path.namespace },
    { labelSelector, ...options },
  )
  for (const pod of pods.items) {
    const found = podReason(pod)
    if (found !== undefined) return { ready: false, count, ...found }
  }
  if (pods.items.length < wanted) {
    const reason = await refusedPods(client, workload, options)
    if (reason !== undefined) return { ready: false, count, reason, final: false }
  }
  return { ready: false, count, final: false }
}

function podReason({ metadata, status }: PodObject): { reason: string; final: boolean } | undefined {
  const say = (what: string, message?: string): string => {
    const rest = message === undefined || message === '' ? '' : `: ${message.trim().slice(0, 300)}`
    return `${metadata.name}: ${what}${rest}`
  }
  for (const { state, lastState } of status?.containerStatuses ?? []) {
    const { reason = '', message } = state?.waiting ?? {}
    const ended = lastState?.terminated
    if (reason === 'CrashLoopBackOff' || (ended !== undefined && reason !== '')) {
      return {
        reason: say(`its container ended with ${ended?.reason ?? 'an error'} (exit code ${ended?.exitCode ?? '?'})`),
        final: false,
      }
    }
    if (reason !== '' && !USUAL.has(reason)) return { reason: say(reason, message), final: FINAL.has(reason) }
    if (ended !== undefined)
      return { reason: say(`its container ended with exit code ${ended.exitCode ?? '?'} and runs again`), final: false }
  }
  const unscheduled = status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unscheduled !== undefined) return { reason: say(unscheduled.reason, unscheduled.message), final: false }
  const unready = status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'False')
  if (status?.phase === 'Running' && unready !== undefined)
    return { reason: say('it runs but is not ready'), final: false }
  return undefined
}

/** Pods that could not even be created (quota, Pod Security, a webhook) show only in a condition or an event. */
async function refusedPods(client: KubeClient, workload: Workload, options: CallOptions): Promise<string | undefined> {
  const failed = workload.status?.conditions?.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
  if (failed !== undefined) return failed.message
  const { namespace, uid } = workload.metadata
  const fieldSelector = `involvedObject.uid=${uid},type=Warning`
  const events = await client.list<EventObject>(
    { apiVersion: 'v1', kind: 'Event', namespace },
    { fieldSelector, ...options },
  )
  return events.items.findLast(({ reason }) => reason === 'FailedCreate')?.message
}
