import type { Clock } from '../../lib/clock.ts'
import type { Session } from './contract.ts'

/** What is under way may take so long to be finished. */
const DRAIN_MS = 10_000
const LOOK_MS = 50
/** The control stream is always there. */
const QUIET = 1

/** Resolves when a session carries nothing but control any more, when its link is gone, or after 10 s. */
export async function drained(session: Pick<Session, 'size' | 'isLinked'>, clock: Clock): Promise<void> {
  const end = clock.now() + DRAIN_MS
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    if (session.size <= QUIET || !session.isLinked || clock.now() >= end) resolve()
  }
  const timer = clock.every(LOOK_MS, look)
  look()
  await promise
  timer.cancel()
}
