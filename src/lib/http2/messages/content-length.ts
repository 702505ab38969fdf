import { malformed } from './malformed.ts'

/** Whether a body is as long as its message says (RFC 9113 §8.1.1). */
export class ContentLength {
  #left: number | undefined

  /** @param bytes undefined when the message does not say */
  constructor(bytes: number | undefined) {
    this.#left = bytes
  }

  /** @param bytes of DATA, without padding. Throws `Http2Error` of the stream when they are too many. */
  data(bytes: number, stream: number): void {
    if (this.#left === undefined) return
    this.#left -= bytes
    if (this.#left < 0) throw malformed('the body is longer than content-length says', stream)
  }

  /** At END_STREAM. Throws `Http2Error` of the stream when something is missing. */
  end(stream: number): void {
    if (this.#left !== undefined && this.#left > 0)
      throw malformed('the body is shorter than content-length says', stream)
  }
}
