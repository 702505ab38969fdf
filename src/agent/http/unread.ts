/** What a client has sent and nobody has read yet. */
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { MAX_HEAD_BYTES, type RequestHead, readRequestHead } from '../../lib/http1/head.ts'
import { CR, LF } from '../../lib/http1/octets.ts'

const EMPTY = Buffer.alloc(0)
const END_OF_HEAD = Buffer.from('\r\n\r\n')

export class Unread {
  #bytes: Buffer = EMPTY
  /** Of these it is known that they hold no whole head. */
  #searched = 0
  /** Memory behind `#bytes` that was made here; what is sent in small pieces is not copied as a whole for each. */
  #room: Buffer = EMPTY

  get length(): number {
    return this.#bytes.length
  }

  /** What is there, to be looked at. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** @param more are kept as they are: nobody else may write to them */
  add(more: Buffer): void {
    if (this.#bytes.length === 0) {
      this.#bytes = more
      return
    }
    const { length } = this.#bytes
    const needed = length + more.length
    if (this.#room.length < needed || this.#room.buffer !== this.#bytes.buffer) {
      this.#room = Buffer.allocUnsafeSlow(Math.max(2 * needed, 1024))
      this.#bytes.copy(this.#room)
    }
    more.copy(this.#room, length)
    this.#bytes = this.#room.subarray(0, needed)
  }

  /** The next request's head, which stays here; undefined until it is whole. Throws `BadMessage`. */
  head(): RequestHead | undefined {
    this.#skipEmptyLines()
    if (this.#bytes.length === 0 || !this.#mayBeWhole()) return undefined
    const head = readRequestHead(this.#bytes)
    if (head === undefined) this.#searched = this.#bytes.length
    return head
  }

  take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = count === this.#bytes.length ? EMPTY : this.#bytes.subarray(count)
    this.#room = EMPTY
    this.#searched = 0
    return taken
  }

  clear(): void {
    this.take(this.#bytes.length)
  }

  /** A head that comes octet by octet is not read from its beginning for each of them. */
  #mayBeWhole(): boolean {
    const { length } = this.#bytes
    if (this.#searched === 0) return true
    const from = this.#searched
    this.#searched = length
    if (this.#bytes.indexOf(END_OF_HEAD, Math.max(from - 3, 0)) >= 0) return true
    if (length > MAX_HEAD_BYTES + 4) throw new BadMessage(431, 'the head is larger than 64 KiB')
    for (let at = this.#bytes.indexOf(LF, from); at >= 0; at = this.#bytes.indexOf(LF, at + 1)) {
      if (this.#bytes[at - 1] !== CR) throw new BadMessage(400, 'a line ends without a carriage return')
    }
    return false
  }

  /** Empty lines before a request line are ignored (RFC 9112 §2.2). */
  #skipEmptyLines(): void {
    if (this.#bytes[0] !== CR) return
    let at = 0
    while (this.#bytes[at] === CR && this.#bytes[at + 1] === LF) at += 2
    if (at > 0) this.take(at)
  }
}
