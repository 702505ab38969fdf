/** The bytes of a request while it may have to be sent again, within bounds. */
import { GrowingBytes } from './growing-bytes.ts'

/** Of one request; what is longer can go to one place only. */
const MAX_BYTES = 256 * 1024
/** Memory for all requests of this process. */
const MAX_TOTAL_BYTES = 32 * 1024 * 1024
/** Smaller pieces are joined: one octet that is kept as it came takes a hundred. */
const SMALL_BYTES = 4096
let total = 0

/** Bytes of memory that all requests of this process take. */
export const keptInAll = (): number => total

export class KeptBytes {
  #pieces: Buffer[] | undefined
  /** What came in small pieces behind `#pieces`. */
  #joined: GrowingBytes | undefined
  #size = 0
  /** Bytes of memory. */
  #held = 0

  /** @param first are always kept */
  constructor(first: Buffer) {
    this.#pieces = [first]
    this.#size = first.length
    this.#count(first.length)
  }

  /** All of them in order; undefined when they were too much. */
  get pieces(): readonly Buffer[] | undefined {
    if (this.#joined === undefined || this.#pieces === undefined) return this.#pieces
    return [...this.#pieces, this.#joined.bytes]
  }

  /** @param mayDrop they can be done without when they are too much */
  add(bytes: Buffer, mayDrop: boolean): void {
    if (this.#pieces === undefined) return
    if (mayDrop && (this.#size + bytes.length > MAX_BYTES || total + bytes.length > MAX_TOTAL_BYTES)) {
      this.release()
      return
    }
    this.#size += bytes.length
    if (isWorthIt(bytes)) {
      if (this.#joined !== undefined) this.#pieces.push(this.#joined.bytes)
      this.#joined = undefined
      this.#pieces.push(bytes)
      this.#count(bytes.buffer.byteLength)
      return
    }
    this.#joined ??= new GrowingBytes()
    const before = this.#joined.held
    this.#joined.append(bytes)
    this.#count(this.#joined.held - before)
  }

  /** They are not needed any more. */
  release(): void {
    this.#pieces = undefined
    this.#joined = undefined
    this.#count(-this.#held)
  }

  #count(bytes: number): void {
    this.#held += bytes
    total += bytes
  }
}

/** Whether bytes are kept as they came: they fill at least half of the memory that stays because of them. */
function isWorthIt({ length, buffer }: Buffer): boolean {
  return length >= SMALL_BYTES && 2 * length >= buffer.byteLength
}
