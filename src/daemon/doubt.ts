/**
 * Looks for the next carrier as soon as the far end of this one is silent for longer than it may be, before it is known to be dead: TCP
 * itself repeats what was lost only after ever longer times, so that a new connection gets through a mended network first.
 */
import type { Clock } from '../lib/clock.ts'
import type { Session } from '../wire/session/contract.ts'

const LOOK_MS = 250
/** A ping goes out each second; its answer takes a round trip. */
const SILENT_MS = 1300

/** What of a carrier is watched. */
export interface Doubted {
  session: Pick<Session, 'silentMs' | 'rttMs'>
  closed: Promise<unknown>
}

export interface DoubtOptions<T> {
  clock: Clock
  /** Opens another one. Aborted when the far end is heard again; when the carrier ends meanwhile, it is wanted all the more. */
  open(signal: AbortSignal): Promise<T>
  /** Takes it in the place of the one that is silent or has ended. */
  take(next: T): void
  /** It is not needed any more. */
  discard(next: T): void
}

/** Watches until the carrier has ended. */
export function doubt<T>(carrier: Doubted, { clock, open, take, discard }: DoubtOptions<T>): void {
  let looking: AbortController | undefined
  const look = async (mine: AbortController): Promise<void> => {
    try {
      const next = await open(mine.signal)
      if (mine.signal.aborted) discard(next)
      else take(next)
    } catch {
      // Whoever opens says why; the next look tries again.
    } finally {
      if (looking === mine) looking = undefined
    }
  }
  const timer = clock.every(LOOK_MS, () => {
    const { silentMs, rttMs } = carrier.session
    const isSilent = silentMs > SILENT_MS + 2 * rttMs
    if (!isSilent) looking?.abort(new Error('the far end was heard again'))
    else if (looking === undefined) {
      looking = new AbortController()
      void look(looking)
    }
  })
  void carrier.closed.then(() => timer.cancel())
}
