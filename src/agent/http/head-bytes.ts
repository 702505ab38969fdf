/** The beginning of a message that comes in pieces, until its head is whole. */
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { MAX_HEAD_BYTES } from '../../lib/http1/head.ts'
import { CR, LF } from '../../lib/http1/octets.ts'
import { GrowingBytes } from './growing-bytes.ts'

const END_OF_HEAD = Buffer.from('\r\n\r\n')

export class HeadBytes extends GrowingBytes {
  /** Of these it is known that they hold no whole head. */
  #searched = 0

  /**
   * The head that they begin with, which stays here; undefined until it is whole. A head that comes octet by octet is not read from its beginning for
   * each of them. Throws `BadMessage`.
   */
  head<Head>(read: (bytes: Buffer) => Head | undefined): Head | undefined {
    if (this.length === 0 || !this.#mayBeWhole()) return undefined
    const head = read(this.bytes)
    if (head === undefined) this.#searched = this.length
    return head
  }

  override take(count: number): Buffer {
    this.#searched = 0
    return super.take(count)
  }

  override clear(): void {
    this.#searched = 0
    super.clear()
  }

  #mayBeWhole(): boolean {
    const { length, bytes } = this
    if (this.#searched === 0) return true
    const from = this.#searched
    this.#searched = length
    if (bytes.indexOf(END_OF_HEAD, Math.max(from - 3, 0)) >= 0) return true
    if (length > MAX_HEAD_BYTES + 4) throw new BadMessage(431, 'the head is larger than 64 KiB')
    for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
      if (bytes[at - 1] !== CR) throw new BadMessage(400, 'a line ends without a carriage return')
    }
    return false
  }
}
