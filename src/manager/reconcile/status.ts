/** The status of an attachment: what was decided, and what each agent does. */
import type { AgentRow, Condition, Intercept } from '../../kube/resources.ts'
import type { AgentReport } from '../../wire/messages/control.ts'
import type { Pod } from '../kinds.ts'
import { FEATURES } from './agent-config.ts'
import { agentState } from './agent-container.ts'
import type { Decision } from './decide.ts'

/** What the manager knows of a connected agent. */
export interface ConnectedAgent {
  publicKey: string
  container: string
  features: readonly string[]
  /** Generation of the config that was sent last. */
  sent: number
  report: AgentReport | undefined
}

export type InterceptStatus = NonNullable<Intercept['status']>

/** @param refused why a pod got no agent, by pod uid */
export function statusOf(
  { intercept, accepted, reason, message, pods }: Decision,
  connected: (podUid: string) => ConnectedAgent | undefined,
  refused: ReadonlyMap<string, string>,
  installationKey: string,
  now: Date,
): InterceptStatus {
  const agents = pods.map((pod) => rowOf(pod, intercept, connected, refused, installationKey, now))
  const failing = agents.find(({ state }) => state === 'ERROR')
  const synced = agents.filter(({ state }) => state === 'SYNCED').length
  const allSynced = synced === agents.length
  const count = `${synced} of ${agents.length} agents follow it`
  const condition = (type: string, ok: boolean, why: string, text: string): Condition =>
    stamp(intercept, { type, status: ok ? 'True' : 'False', reason: why, message: text }, now)
  const agentsReason = allSynced ? 'Synced' : failing === undefined ? 'Waiting' : 'AgentFailed'
  const ready = accepted && allSynced && agents.length > 0
  const readyReason = !accepted ? reason : agents.length === 0 ? 'NoPods' : agentsReason
  const readyMessage = accepted ? (failing?.message ?? (agents.length === 0 ? 'no pod is running' : count)) : message
  return {
    ...(intercept.metadata.generation !== undefined && { observedGeneration: intercept.metadata.generation }),
    conditions: [
      condition('Accepted', accepted, reason, message),
      condition('AgentsReady', accepted && allSynced, agentsReason, failing?.message ?? count),
      condition('Ready', ready, readyReason, readyMessage),
    ],
    agents,
  }
}

function rowOf(
  pod: Pod,
  intercept: Intercept,
  connected: (podUid: string) => ConnectedAgent | undefined,
  refused: ReadonlyMap<string, string>,
  installationKey: string,
  now: Date,
): AgentRow {
  const podUid = pod.metadata.uid ?? ''
  const agent = connected(podUid)
  const state = agentState(pod, installationKey, now.getTime())
  const container = agent?.container ?? (state.kind === 'absent' ? '' : state.container)
  const base = { pod: pod.metadata.name, podUid, container }
  const why = refused.get(podUid)
  if (why !== undefined) return { ...base, state: 'ERROR', message: why }
  if (agent === undefined && state.kind === 'exhausted') {
    return {
      ...base,
      state: 'ERROR',
      message: 'so many agents have ended in this pod that it gets no more; delete the pod',
    }
  }
  if (agent === undefined) {
    const waiting = state.kind === 'present' ? state.status?.state?.waiting : undefined
    const stuck = waiting?.reason !== undefined && /Err|BackOff|Invalid/.test(waiting.reason)
    if (stuck) return { ...base, state: 'ERROR', message: `${waiting.reason}: ${waiting.message ?? ''}`.trim() }
    const running = state.kind === 'present' && state.status?.state?.running !== undefined
    return { ...base, state: running ? 'DISCONNECTED' : 'STARTING' }
  }
  const { publicKey, sent, report, features } = agent
  const feature = FEATURES[intercept.spec.mode]
  if (feature !== undefined && !features.includes(feature)) {
    const message = `the pod's agent is of an earlier version, which has no ${feature}; it ends when nothing is attached to the pod for five minutes`
    return { ...base, publicKey, state: 'ERROR', message }
  }
  const route = report?.routes.find((one) => one.intercept === intercept.metadata.uid)
  const acknowledged = report?.generation ?? 0
  const row: AgentRow = { ...base, publicKey, sent, acknowledged, state: acknowledged === sent ? 'SYNCED' : 'STALE' }
  if (sent === 0) row.state = 'NOT SENT'
  if (report?.error !== undefined) {
    row.state = 'ERROR'
    row.message = report.error
  } else if (route?.why !== undefined) row.message = route.why
  if (route !== undefined) row.routeNow = route.now
  return row
}

/** Keeps the time of the last change of a condition whose status is as it was. */
function stamp(intercept: Intercept, condition: Omit<Condition, 'lastTransitionTime'>, now: Date): Condition {
  const earlier = intercept.status?.conditions?.find(({ type }) => type === condition.type)
  const same = earlier?.status === condition.status
  const lastTransitionTime = same ? earlier.lastTransitionTime : now.toISOString().replace(/\.\d+/, '')
  const { generation } = intercept.metadata
  return { ...condition, lastTransitionTime, ...(generation !== undefined && { observedGeneration: generation }) }
}
