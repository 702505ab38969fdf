/** Waits until every agent of a new attachment follows it, or until it is known why not. */
import type { Intercept } from '../../kube/resources.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Fault } from '../../lib/fault.ts'
import type { Waiters } from '../../lib/waiters.ts'
import { notReady, refusalOf, type Subject, troubleOf, waitingFor } from './refusals.ts'

/** A new attachment is refused or ready by then. */
const READY_MS = 60_000
/** Who waits so long is told for what. */
const TELL_MS = 2000
/** A reason that lasts so long is the reason. */
const LASTING_MS = 8000
const LOOK_MS = 500

export interface ReadinessOptions {
  subject: Subject
  clock: Clock
  /** Told of each change. */
  waiters: Waiters
  /** As it was seen last. */
  intercept(): Intercept | undefined
  isAttached(podUid: string): boolean
  /** What it waits for, when that takes longer than it should. */
  onWaiting(text: string): void
  signal: AbortSignal
}

/** Rejects with a fault, or with the signal's reason. */
export async function untilReady(options: ReadinessOptions): Promise<void> {
  const { subject, clock, waiters, signal } = options
  const { find, trouble } = question(options)
  const give = (): void => waiters.changed()
  signal.addEventListener('abort', give)
  const ticking = clock.every(LOOK_MS, give)
  try {
    const found = await waiters.until(find, READY_MS)
    if (found === 'ready') return
    if (found === 'given up') throw signal.reason
    throw found ?? notReady(subject, trouble() ?? 'no manager has answered')
  } finally {
    ticking.cancel()
    signal.removeEventListener('abort', give)
  }
}

/** What is asked at each change. */
function question({ subject, clock, intercept, isAttached, onWaiting, signal }: ReadinessOptions): {
  find(): Fault | 'ready' | 'given up' | undefined
  trouble(): string | undefined
} {
  const startedAt = clock.now()
  let told = ''
  let problem: { text: string; since: number } | undefined
  const trouble = (): string | undefined => troubleOf(intercept()?.status, isAttached)
  const tell = (): void => {
    const late = (intercept()?.status?.agents ?? []).filter(({ podUid }) => !isAttached(podUid))
    const text = waitingFor(late, trouble())
    if (text === told || clock.now() - startedAt < TELL_MS) return
    told = text
    onWaiting(text)
  }
  const find = (): Fault | 'ready' | 'given up' | undefined => {
    if (signal.aborted) return 'given up'
    const { status, metadata } = intercept() ?? {}
    const refusal = refusalOf(subject, status)
    if (refusal !== undefined) return refusal
    const rows = status?.agents ?? []
    const seen = status?.observedGeneration !== undefined && status.observedGeneration === metadata?.generation
    if (seen && rows.length > 0 && rows.every(({ podUid }) => isAttached(podUid))) return 'ready'
    tell()
    const text = trouble()
    if (text === undefined) problem = undefined
    else if (problem?.text !== text) problem = { text, since: clock.now() }
    const lasting = problem !== undefined && clock.now() - problem.since >= LASTING_MS
    return lasting ? notReady(subject, text ?? '') : undefined
  }
  return { find, trouble }
}
