import { fault } from '../../diagnose/catalogue.ts'
import type { LeaveResult, Target } from '../../lib/daemon-api.ts'
import type { Fault } from '../../lib/fault.ts'
import type { Attachment } from '../attachment/attachment.ts'
import type { Cluster } from '../cluster.ts'
import { isNamed, shortName } from '../workload.ts'
import type { CallContext } from './context.ts'
import { heldElsewhere } from './held-elsewhere.ts'

interface LeaveRequest {
  target: Target
  /** Undefined: of all namespaces. */
  namespace?: string
  /** As typed: a workload or the name of an attachment. Undefined: all. */
  workload?: string
}

/** Ends attachments of this laptop. Rejects with RC-I-209 when what is named is none, with RC-U-101 when it could be several. */
export async function leave(
  { clusters }: CallContext,
  { target, namespace, workload }: LeaveRequest,
): Promise<LeaveResult> {
  const known = clusters.find(target)
  if (known !== undefined) return await leaveIn(known, namespace, workload)
  if (!clusters.hasLeft(target)) {
    if (workload === undefined) return { left: [], remaining: [] }
    throw notAttached(workload, [])
  }
  // What a former daemon left needs no connection to a manager.
  const cluster = clusters.of(target)
  try {
    return await leaveIn(cluster, namespace, workload)
  } finally {
    if (!cluster.isWanted) clusters.drop(cluster)
  }
}

async function leaveIn(
  cluster: Cluster,
  namespace: string | undefined,
  workload: string | undefined,
): Promise<LeaveResult> {
  const all = [...cluster.attachments].filter((one) => namespace === undefined || one.namespace === namespace)
  const chosen = workload === undefined ? all : chosenOf(all, workload)
  const isMeant = (entry: { namespace: string; name: string }): boolean =>
    (namespace === undefined || entry.namespace === namespace) &&
    (workload === undefined || entry.name === workload || chosen.some(({ name }) => name === entry.name))
  await Promise.all(
    chosen.map(async (one) => {
      cluster.attachments.delete(one)
      await one.end()
      one.left()
    }),
  )
  const { gone, remaining } = await cluster.takeAway(isMeant)
  if (workload !== undefined && chosen.length + gone.length + remaining.length === 0)
    throw (await heldElsewhere(cluster, namespace, workload)) ?? notAttached(workload, all)
  const still = new Set(remaining.map(({ name }) => name))
  return {
    left: [
      ...chosen
        .filter(({ name }) => !still.has(name))
        .map((one) => ({ namespace: one.namespace, workload: shortName(one.workload), name: one.name })),
      ...gone.filter(({ name }) => !chosen.some((one) => one.name === name)),
    ],
    remaining,
  }
}

/** One by its own name, or all of one workload. Throws RC-U-101 when several workloads have the name. */
export function chosenOf<T extends Pick<Attachment, 'name' | 'workload' | 'namespace'>>(
  all: readonly T[],
  typed: string,
): T[] {
  const own = all.filter(({ name }) => name === typed)
  if (own.length > 0) return own
  const fitting = all.filter(({ workload }) => isNamed(workload, typed))
  const workloads = new Map(fitting.map((one) => [`${shortName(one.workload)} -n ${one.namespace}`, one]))
  if (workloads.size < 2) return fitting
  const described = [...workloads.values()].map((one) => `${shortName(one.workload)} in ${one.namespace}`)
  throw fault('RC-U-101', `Cannot leave ${typed}: attached are ${described.join(' and ')}. Nothing was changed.`, [
    ...[...workloads.keys()].map((line) => `remocal leave ${line}`),
  ])
}

function notAttached(typed: string, all: Attachment[]): Fault {
  const others = all.map((one) => `${shortName(one.workload)} in ${one.namespace} (${one.name})`)
  const what = others.length === 0 ? 'nothing is attached' : `attached is ${others.join(', ')}`
  const sentence = `Cannot leave ${typed}: it is not attached; ${what}. Nothing was changed.`
  return fault('RC-I-209', sentence, ['remocal status'])
}
