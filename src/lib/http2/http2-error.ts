/** What a peer did wrong, as RFC 9113 §5.4 tells it. */
import type { ErrorCode } from './error-code.ts'

/** Of a stream when `stream` is not 0, else of the whole connection. */
export class Http2Error extends Error {
  readonly code: ErrorCode
  readonly stream: number

  /** @param why a sentence's part, for counts and logs; it goes into GOAWAY's debug data too */
  constructor(code: ErrorCode, why: string, stream = 0) {
    super(why)
    this.code = code
    this.stream = stream
  }
}
