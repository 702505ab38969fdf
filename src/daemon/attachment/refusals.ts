/** Why an attachment is not accepted, or not ready: in the words of managers and agents. */
import { type Code, fault } from '../../diagnose/catalogue.ts'
import type { AgentRow, Intercept } from '../../kube/resources.ts'
import type { Fault } from '../../lib/fault.ts'
import { shortName, type Workload } from '../workload.ts'

/** Why a manager does not accept an attachment, as codes. */
const REFUSALS: Record<string, Code> = {
  Conflict: 'RC-I-204',
  Forbidden: 'RC-I-217',
  WorkloadNotFound: 'RC-I-201',
  PortNotFound: 'RC-I-202',
  FilterInvalid: 'RC-U-102',
}

/** What is to be attached, for sentences. */
export interface Subject {
  mode: Intercept['spec']['mode']
  workload: Workload
  priority: number
  /** As the cluster knows us. */
  user: string
  /** Names of this laptop's own attachments that are in its way. */
  inTheWay(): string[]
}

/** The owner of one that was accepted has lost the right to it: what managers say. */
export function revoked(status: Intercept['status']): string | undefined {
  const accepted = status?.conditions?.find(({ type }) => type === 'Accepted')
  return accepted?.status === 'False' && accepted.reason === 'Forbidden' ? accepted.message : undefined
}

/** Why managers do not accept it. */
export function refusalOf(subject: Subject, status: Intercept['status']): Fault | undefined {
  const accepted = status?.conditions?.find(({ type }) => type === 'Accepted')
  if (accepted?.status !== 'False') return undefined
  const { mode, workload } = subject
  const code = REFUSALS[accepted.reason] ?? 'RC-I-207'
  const actions = code === 'RC-I-204' ? waysOut(subject, accepted.message) : [`remocal list -n ${workload.namespace}`]
  return fault(code, `Cannot ${mode} ${shortName(workload)}: ${accepted.message}. Nothing was changed.`, actions)
}

/** What to do when somebody holds these requests. */
function waysOut({ workload, priority, user, inTheWay }: Subject, said: string): string[] {
  const mine = said.includes(` held by ${user} `)
  const here = inTheWay().map((name) => `it is you: remocal leave ${name}`)
  const elsewhere = `it is you on another laptop; there: remocal leave ${shortName(workload)} -n ${workload.namespace}`
  const own = !mine ? [] : here.length > 0 ? here : [elsewhere]
  return [...own, 'take other requests: --header, --filter', `ask for yours to go first: --priority ${priority + 1}`]
}

export function notReady(subject: Subject, why: string): Fault {
  if (why === NO_PODS) return noPods(subject)
  const { mode, workload } = subject
  return fault('RC-I-205', `Cannot ${mode} ${shortName(workload)}: ${why}. Nothing was changed.`, [
    `kubectl describe pods -n ${workload.namespace}`,
  ])
}

/** Nothing runs that could get requests. */
export function noPods({ mode, workload }: Pick<Subject, 'mode' | 'workload'>): Fault {
  const { kind, namespace, replicas } = workload
  const isScaled = replicas === 0 && ['Deployment', 'StatefulSet', 'ReplicaSet'].includes(kind)
  const why = replicas === 0 ? 'it has 0 replicas, so there is no pod that gets requests' : NO_PODS
  const action = isScaled
    ? `kubectl scale ${shortName(workload)} -n ${namespace} --replicas 1`
    : `kubectl get pods -n ${namespace}`
  return fault('RC-I-212', `Cannot ${mode} ${shortName(workload)}: ${why}. Nothing was changed.`, [action])
}

const NO_PODS = 'none of its pods is running'

/**
 * What does not go well.
 * @param isAttached whether a pod's agent follows the attachment: what it may have to say does not keep anybody from anything
 */
export function troubleOf(status: Intercept['status'], isAttached: (podUid: string) => boolean): string | undefined {
  const rows = status?.agents ?? []
  const late = rows.filter(({ podUid }) => !isAttached(podUid))
  const failing = late.find(({ state, message }) => state === 'ERROR' || message !== undefined)
  if (failing !== undefined) return `${failing.message ?? failing.state} (pod ${failing.pod})`
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return rows.length === 0 && ready?.reason === 'NoPods' ? NO_PODS : undefined
}

/** What an agent that is late does, in words. */
const DOING: Record<AgentRow['state'], string> = {
  STARTING: 'its agent is starting',
  'NOT SENT': 'its agent waits for what to take',
  STALE: 'its agent is being told what to take',
  SYNCED: 'its agent and this laptop are finding each other',
  DISCONNECTED: 'its agent has no connection to a manager',
  ERROR: 'its agent failed',
  UNKNOWN: 'nothing is known of its agent',
}

/** @param late those that do not follow it yet */
export function waitingFor(late: AgentRow[], trouble: string | undefined): string {
  const rows = late.map(({ pod, state, message }) => `${pod} (${message ?? DOING[state]})`)
  if (rows.length > 0) return `waiting for ${rows.join(', ')}`
  return trouble === undefined ? 'waiting for a manager' : `waiting: ${trouble}`
}
