/** What a client has sent and nobody has read yet. */
import { type RequestHead, readRequestHead } from '../../lib/http1/head.ts'
import { CR, LF } from '../../lib/http1/octets.ts'
import { HeadBytes } from './head-bytes.ts'

export class Unread extends HeadBytes {
  /** The next request's head, which stays here; undefined until it is whole. Throws `BadMessage`. */
  request(): RequestHead | undefined {
    this.#skipEmptyLines()
    return this.head(readRequestHead)
  }

  /** Empty lines before a request line are ignored (RFC 9112 §2.2). */
  #skipEmptyLines(): void {
    const { bytes } = this
    if (bytes[0] !== CR) return
    let at = 0
    while (bytes[at] === CR && bytes[at + 1] === LF) at += 2
    if (at > 0) this.take(at)
  }
}
