/**
 * Whether a connection waits for nobody: everything was read and acknowledged, the app spoke last, and both have been silent for a while. What is said
 * is not known, only when. The kernel's clock ticks every 1 to 10 ms, and a fast app answers within the tick of its request; which of both came last
 * is then told by other signs, and where there is none, by a much longer silence.
 */
import type { Sample } from './sock-diag.ts'

export const SILENT_MS = 3000
/** Of connections of which nobody knows who spoke last. */
export const UNSURE_MS = 60_000
/** By then what came has been acknowledged (TCP_DELACK_MAX is 200 ms). */
const ACKNOWLEDGED_MS = 300
/** Before it no keep-alive probe is sent (tcp(7): at least a second), whose acknowledgement would say nothing. */
const NO_PROBE_MS = 900

export class Quiet {
  /** As it was when nothing of what has come last had come. */
  #before: Sample | undefined
  #last: Sample | undefined
  /** The app has spoken after its client. */
  #answered = false

  /** @returns true when the connection, as it is in `now`, waits for nobody. Call it every 500 ms, and once more before it is ended. */
  look(now: Sample): boolean {
    const last = this.#last
    this.#last = now
    if (last === undefined || last.dataIn !== now.dataIn || last.dataOut !== now.dataOut) {
      // While acknowledgements may be on their way, what was before stays what was before.
      if (last !== undefined && (this.#before === undefined || last.receivedMs >= ACKNOWLEDGED_MS)) this.#before = last
      this.#answered = false
    }
    this.#answered ||= now.bytesIn === 0 || this.#isAnswered(now)
    if (now.unread > 0 || now.unsent > 0 || now.sentMs > now.receivedMs) return false
    return Math.min(now.sentMs, now.receivedMs) >= (this.#answered ? SILENT_MS : UNSURE_MS)
  }

  #isAnswered(now: Sample): boolean {
    const { sentMs, receivedMs, acknowledgedMs } = now
    if (sentMs !== receivedMs) return sentMs < receivedMs
    // What the client acknowledges without saying anything, it has heard after it last spoke.
    if (acknowledgedMs < receivedMs && receivedMs < NO_PROBE_MS) return true
    const before = this.#before
    if (before === undefined || receivedMs < ACKNOWLEDGED_MS || now.dataIn === before.dataIn) return false
    // What came was acknowledged by nothing but what the app said: so the app said it afterwards.
    return now.allOut - now.dataOut === before.allOut - before.dataOut
  }
}
