/** Follows the chunked coding octet by octet (RFC 9112 §7.1); what two readers could take differently is refused. */
import { BadMessage } from './bad-message.ts'
import { ExtensionReader } from './extension-reader.ts'
import { CR, HEX, LF, SEMICOLON } from './octets.ts'
import { TrailerReader } from './trailer-reader.ts'

/** 13 digits: sizes stay exact in arithmetic. */
const MAX_SIZE_DIGITS = 13

export class ChunkReader {
  done = false
  #state: 'size' | 'extension' | 'size-end' | 'data' | 'data-cr' | 'data-lf' | 'trailers' = 'size'
  /** Of the chunk: its size while that is read, then what is left of it. */
  #left = 0
  #digits = 0
  readonly #extensions = new ExtensionReader()
  #trailers: TrailerReader | undefined
  /** The trailers' octets with the empty line, when they are kept. */
  readonly #section: number[] | undefined

  /** @param keepsTrailers for who writes them anew */
  constructor(keepsTrailers = false) {
    this.#section = keepsTrailers ? [] : undefined
  }

  /** Behind `done`: the trailers with the empty line, when they are kept. */
  get trailers(): Buffer {
    return Buffer.from(this.#section ?? [])
  }

  /**
   * @param payload gets what is content in them
   * @returns how many of `bytes` belong to the body. Throws `BadMessage`.
   */
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
      case 'extension':
        if (this.#extensions.take(octet)) this.#state = 'size-end'
        return
      case 'size-end':
        if (octet !== LF) throw new BadMessage(400, 'a chunk line ends without a line feed')
        this.#digits = 0
        this.#state = this.#left === 0 ? 'trailers' : 'data'
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
      case 'trailers':
        this.#trailers ??= new TrailerReader()
        this.done = this.#trailers.take(octet)
        this.#section?.push(octet)
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
    else if (octet === LF) throw new BadMessage(400, 'a chunk line ends without a carriage return')
    else throw badSize()
  }
}

function badSize(): BadMessage {
  return new BadMessage(400, 'a chunk size is malformed')
}
