/** What a peer may make work of without anything coming of it (RFC 9113 §10.5): a burst, then so much a second. */
import type { Clock } from '../../lib/clock.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'

/** What each frame counts. PINGs measure paths: those who fill one send one for each round trip. */
export const COST = { ping: 0.01, window: 0.01, unknown: 0.1, other: 1 } as const

const BURST = 1000
const PER_SECOND = 100
/** Who takes DATA answers each frame with room for its stream and its connection, some after each KiB or so that they have read. */
const UPDATES_PER_FRAME = 2
const BYTES_PER_UPDATE = 1024

export class Flood {
  readonly #clock: Clock
  #left = BURST
  #at: number
  /** WINDOW_UPDATEs that answer DATA. */
  #updatesDue = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.now()
  }

  /** A frame of DATA went to the peer. */
  sentData(bytes: number): void {
    this.#updatesDue += UPDATES_PER_FRAME + bytes / BYTES_PER_UPDATE
  }

  /** WINDOW_UPDATE, which costs nothing where DATA was sent. Throws as `spend`. */
  update(): void {
    if (this.#updatesDue >= 1) this.#updatesDue--
    else this.spend('WINDOW_UPDATE', COST.window)
  }

  /** Throws `Http2Error` ENHANCE_YOUR_CALM of the connection when it was too much. */
  spend(what: string, cost: number = COST.other): void {
    this.#left -= cost
    if (this.#left >= 0) return
    const now = this.#clock.now()
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) * PER_SECOND) / 1000)
    this.#at = now
    if (this.#left < 0) throw new Http2Error(ERROR_CODE.ENHANCE_YOUR_CALM, `too many frames: ${what}`)
  }
}
