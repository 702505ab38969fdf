/** The orderly end of a stream. */
import type { Clock } from '../../lib/clock.ts'
import type { Stream } from '../../wire/session/contract.ts'

/** How long the other end may take to read the rest and end its side. */
const LINGER_MS = 30_000

/** Ends a stream of which nothing more is wanted. What comes still is dropped; one that the other end leaves open is reset. */
export function letGo(stream: Stream, clock: Clock): void {
  const timer = clock.after(LINGER_MS, () => stream.reset('cancel', 'nobody waits for it any more'))
  stream.bind({ onData() {}, onEnd() {}, onDrain() {}, onClose: () => timer.cancel() })
  stream.end()
  stream.resume()
}
