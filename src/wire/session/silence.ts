/** Pings the far end each second and says when it has been silent for three. */
import type { Clock } from '../../lib/clock.ts'

const PING_MS = 1000
const DEAD_MS = 3000
/** A tick this late means that this process stood still: then the far end is not to blame yet. */
const LATE_MS = 500

/** What is watched: a mux. */
interface Watched {
  readonly heardAt: number
  ping(): Promise<number>
}

/** @returns stops the watch */
export function watchSilence(mux: Watched, clock: Clock, dead: (reason: Error) => void): () => void {
  let expected = clock.now() + PING_MS
  /** Silence before this is not counted. */
  let from = clock.now()
  const ping = (): void => void mux.ping().catch(() => {})
  ping()
  const timer = clock.every(PING_MS, () => {
    const now = clock.now()
    if (now - expected > LATE_MS) from = now
    expected = now + PING_MS
    if (now - Math.max(mux.heardAt, from) >= DEAD_MS) dead(new Error('the far end has been silent for 3 s'))
    else ping()
  })
  return () => timer.cancel()
}
