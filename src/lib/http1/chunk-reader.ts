/** Follows the chunked coding octet by octet (RFC 9112 §7.1); what two readers could take differently is refused. */
import { BadMessage } from './bad-message.ts'
import { COLON, CR, HEX, HTAB, LF, SEMICOLON, SP, TOKEN, VALUE } from './octets.ts'

/** 13 digits: sizes stay exact in arithmetic. */
const MAX_SIZE_DIGITS = 13
/** Of all chunks of a body: extensions are ignored by everybody, and are a way to keep a reader busy. */
const MAX_EXTENSION_BYTES = 16 * 1024
const MAX_TRAILER_BYTES = 16 * 1024

type State =
  | 'size'
  | 'blank'
  | 'extension'
  | 'size-end'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailer'
  | 'trailer-name'
  | 'trailer-value'
  | 'trailer-end'
  | 'last'

export class ChunkReader {
  done = false
  #state: State = 'size'
  /** Of the chunk: its size while that is read, then what is left of it. */
  #left = 0
  #digits = 0
  #extensionBytes = 0
  #trailerBytes = 0

  /** @returns how many of `bytes` belong to the body. Throws `BadMessage`. */
  take(bytes: Buffer, payload?: (piece: Buffer) => void): number {
    let at = 0
    while (at < bytes.length && !this.done) {
      if (this.#state !== 'data') {
        this.#step(bytes[at++] as number)
        continue
      }
      const taken = Math.min(this.#left, bytes.length - at)
      payload?.(bytes.subarray(at, at + taken))
      at += taken
      this.#left -= taken
      if (this.#left === 0) this.#state = 'data-cr'
    }
    return at
  }

  #step(octet: number): void {
    switch (this.#state) {
      case 'size':
        this.#size(octet)
        return
      case 'blank':
        // BWS, which nobody may send but before an extension.
        if (octet === SEMICOLON) this.#state = 'extension'
        else if (octet !== SP && octet !== HTAB) throw badSize()
        this.#extension()
        return
      case 'extension':
        if (octet === CR) this.#state = 'size-end'
        else if (VALUE[octet] !== 1) throw new BadMessage(400, 'a chunk extension is malformed')
        this.#extension()
        return
      case 'size-end':
        if (octet !== LF) throw new BadMessage(400, 'a chunk line ends without a line feed')
        this.#digits = 0
        this.#state = this.#left === 0 ? 'trailer' : 'data'
        return
      case 'data':
      case 'data-cr':
        if (octet !== CR) throw new BadMessage(400, 'a chunk is longer than it says')
        this.#state = 'data-lf'
        return
      case 'data-lf':
        if (octet !== LF) throw new BadMessage(400, 'a chunk is longer than it says')
        this.#state = 'size'
        return
      default:
        this.#trailer(octet)
    }
  }

  #size(octet: number): void {
    const digit = HEX[octet] as number
    if (digit < 16) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw badSize()
      this.#left = this.#left * 16 + digit
      return
    }
    if (this.#digits === 0) throw badSize()
    if (octet === CR) this.#state = 'size-end'
    else if (octet === SEMICOLON) this.#state = 'extension'
    else if (octet === SP || octet === HTAB) this.#state = 'blank'
    else throw octet === LF ? new BadMessage(400, 'a chunk line ends without a carriage return') : badSize()
  }

  #extension(): void {
    if (++this.#extensionBytes > MAX_EXTENSION_BYTES) throw new BadMessage(400, 'the chunk extensions are too long')
  }

  #trailer(octet: number): void {
    if (++this.#trailerBytes > MAX_TRAILER_BYTES) throw new BadMessage(400, 'the trailers are too long')
    switch (this.#state) {
      case 'trailer':
        if (octet === CR) this.#state = 'last'
        else if (TOKEN[octet] !== 0) this.#state = 'trailer-name'
        else throw badTrailer()
        return
      case 'trailer-name':
        if (octet === COLON) this.#state = 'trailer-value'
        else if (TOKEN[octet] === 0) throw badTrailer()
        return
      case 'trailer-value':
        if (octet === CR) this.#state = 'trailer-end'
        else if (VALUE[octet] !== 1) throw badTrailer()
        return
      case 'trailer-end':
        if (octet !== LF) throw badTrailer()
        this.#state = 'trailer'
        return
      default:
        if (octet !== LF) throw badTrailer()
        this.done = true
    }
  }
}

function badSize(): BadMessage {
  return new BadMessage(400, 'a chunk size is malformed')
}

function badTrailer(): BadMessage {
  return new BadMessage(400, 'a trailer is malformed')
}
