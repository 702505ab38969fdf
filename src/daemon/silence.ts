/**
 * Tells when the far end of a carrier is silent for longer than it may be, before it is known to be dead. TCP itself repeats what was lost
 * only after ever longer times, so that a new connection gets through a mended network first.
 */
import type { Clock } from '../lib/clock.ts'
import type { Session } from '../wire/session/contract.ts'

const LOOK_MS = 250
/** A ping goes out each second; its answer takes a round trip. */
const SILENT_MS = 1300

/** What of a carrier is watched. */
export interface Watched {
  session: Pick<Session, 'silentMs' | 'rttMs'>
  closed: Promise<unknown>
}

/** Watches until the carrier has ended. @param onChange called when it falls silent (true), and when it is heard again (false) */
export function watchSilence({ session, closed }: Watched, clock: Clock, onChange: (isSilent: boolean) => void): void {
  let wasSilent = false
  const timer = clock.every(LOOK_MS, () => {
    const isSilent = session.silentMs > SILENT_MS + 2 * session.rttMs
    if (isSilent === wasSilent) return
    wasSilent = isSilent
    onChange(isSilent)
  })
  void closed.then(() => timer.cancel())
}
