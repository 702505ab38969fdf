import type { Clock } from '../../lib/clock.ts'
import type { Session } from './contract.ts'

/** What is under way may take so long to be finished. */
const DRAIN_MS = 10_000
const LOOK_MS = 50
/** A link that is gone may come again, and what waits on it goes on. */
const UNLINKED_MS = 2000
/** The control stream is always there. */
const QUIET = 1

/** Resolves when a session carries nothing but control any more, when its link has been gone for 2 s, or after 10 s. */
export async function drained(session: Pick<Session, 'size' | 'isLinked'>, clock: Clock): Promise<void> {
  const end = clock.now() + DRAIN_MS
  const { promise, resolve } = Promise.withResolvers<void>()
  let linkedAt = clock.now()
  const look = (): void => {
    const now = clock.now()
    if (session.isLinked) linkedAt = now
    if (session.size <= QUIET || now - linkedAt >= UNLINKED_MS || now >= end) resolve()
  }
  const timer = clock.every(LOOK_MS, look)
  look()
  await promise
  timer.cancel()
}
