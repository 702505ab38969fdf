/** Flow control (RFC 9113 §5.2, §6.9), of a stream or of a connection. */
import { ERROR_CODE } from './error-code.ts'
import { MAX_31 } from './frame.ts'
import { Http2Error } from './http2-error.ts'

/** What the peer may still be sent. Less than nothing after it has lowered its initial window (RFC 9113 §6.9.2). */
export class SendWindow {
  left: number

  constructor(initial: number) {
    this.left = initial
  }

  /** Throws `Http2Error` FLOW_CONTROL_ERROR of `stream` beyond 2^31-1. */
  widen(by: number, stream: number): void {
    if (this.left + by > MAX_31) throw new Http2Error(ERROR_CODE.FLOW_CONTROL_ERROR, 'a window over 2^31-1', stream)
    this.left += by
  }
}

/** What the peer may still send. Room is given back by eighths: few frames tell it, and a peer that fills the window need not stop. */
export class ReceiveWindow {
  readonly #size: number
  #left: number
  /** Went on, and the peer does not know yet. */
  #owed = 0

  constructor(size: number) {
    this.#size = size
    this.#left = size
  }

  /** Throws `Http2Error` FLOW_CONTROL_ERROR of `stream` when there was no room for it. */
  take(bytes: number, stream: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw new Http2Error(ERROR_CODE.FLOW_CONTROL_ERROR, 'DATA beyond the window', stream)
  }

  /** @returns what the peer has to be told now, or 0 */
  give(bytes: number): number {
    this.#owed += bytes
    if (this.#owed * 8 < this.#size) return 0
    const told = this.#owed
    this.#owed = 0
    this.#left += told
    return told
  }
}
