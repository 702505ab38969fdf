/** Follows a body as its bytes pass; changes nothing. */
import { ChunkReader } from './chunk-reader.ts'
import type { Framing } from './framing.ts'

export class BodyReader {
  readonly #kind: Framing['kind']
  readonly #chunks: ChunkReader | undefined
  #left: number
  done: boolean

  /** @param keepsTrailers for who writes them anew */
  constructor(framing: Framing, keepsTrailers = false) {
    this.#kind = framing.kind
    this.#left = framing.kind === 'length' ? framing.bytes : 0
    this.#chunks = framing.kind === 'chunked' ? new ChunkReader(keepsTrailers) : undefined
    this.done = framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)
  }

  /** Behind `done`: the trailers with the empty line, when they are kept; undefined when the body has no chunks. */
  get trailers(): Buffer | undefined {
    return this.#chunks?.trailers
  }

  /**
   * @param payload gets what is content in them
   * @returns how many of `bytes` belong to the body; then `done` may be true. Throws `BadMessage`.
   */
  take(bytes: Buffer, payload?: (piece: Buffer) => void): number {
    if (this.done) return 0
    if (this.#chunks !== undefined) {
      const taken = this.#chunks.take(bytes, payload)
      this.done = this.#chunks.done
      return taken
    }
    const taken = this.#kind === 'close' ? bytes.length : Math.min(this.#left, bytes.length)
    if (this.#kind === 'length') {
      this.#left -= taken
      this.done = this.#left === 0
    }
    payload?.(bytes.subarray(0, taken))
    return taken
  }
}
