/** Integers and string literals out of a block (RFC 7541 §5). */
import { ERROR_CODE } from '../error-code.ts'
import { Http2Error } from '../http2-error.ts'

const NOTHING = Buffer.alloc(0)
/** Behind the prefix: enough for 2^35; more would be padding, or a length that no block has. */
const MAX_INTEGER_OCTETS = 5

export class BlockReader {
  #octets: Buffer = NOTHING
  /** Where the next octet is read. */
  at = 0
  /** Of the last string: where its literal begins, its content begins, and both end. */
  literalFrom = 0
  from = 0
  to = 0
  huffman = false

  get octets(): Buffer {
    return this.#octets
  }

  open(block: Buffer): void {
    this.#octets = block
    this.at = 0
  }

  close(): void {
    this.#octets = NOTHING
  }

  get ended(): boolean {
    return this.at >= this.#octets.length
  }

  /** @param mask the prefix's bits, as a number: its greatest value. Throws `Http2Error` COMPRESSION_ERROR. */
  integer(mask: number): number {
    const octets = this.#octets
    const { length } = octets
    if (this.at >= length) throw cut()
    const first = (octets[this.at++] as number) & mask
    if (first < mask) return first
    let value = mask
    let factor = 1
    for (let count = 0; count < MAX_INTEGER_OCTETS; count++) {
      if (this.at >= length) throw cut()
      const octet = octets[this.at++] as number
      value += (octet & 127) * factor
      if (octet < 128) return value
      factor *= 128
    }
    throw wrong('an integer is too long')
  }

  /** Reads a string's length and passes over its content. Throws `Http2Error` COMPRESSION_ERROR. */
  string(): void {
    const octets = this.#octets
    if (this.at >= octets.length) throw cut()
    this.literalFrom = this.at
    this.huffman = (octets[this.at] as number) >= 128
    const length = this.integer(127)
    this.from = this.at
    this.to = this.from + length
    if (this.to > octets.length) throw cut()
    this.at = this.to
  }
}

function cut(): Http2Error {
  return wrong('a header block ends within a field')
}

/** A block that cannot be read: the connection is lost (RFC 9113 §4.3). */
export function wrong(why: string): Http2Error {
  return new Http2Error(ERROR_CODE.COMPRESSION_ERROR, why)
}
