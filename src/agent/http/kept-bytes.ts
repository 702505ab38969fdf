/** The bytes of a request while it may have to be sent again, within bounds. */

/** Of one request; what is longer can go to one place only. */
const MAX_BYTES = 256 * 1024
/** Of all requests of this process. */
const MAX_TOTAL_BYTES = 32 * 1024 * 1024
let total = 0

export class KeptBytes {
  #pieces: Buffer[] | undefined
  #size = 0

  /** @param first are always kept */
  constructor(first: Buffer) {
    this.#pieces = [first]
    this.#count(first.length)
  }

  /** All of them in order; undefined when they were too much. */
  get pieces(): readonly Buffer[] | undefined {
    return this.#pieces
  }

  /** @param mayDrop they can be done without when they are too much */
  add(bytes: Buffer, mayDrop: boolean): void {
    if (this.#pieces === undefined) return
    if (mayDrop && (this.#size + bytes.length > MAX_BYTES || total + bytes.length > MAX_TOTAL_BYTES)) {
      this.release()
      return
    }
    this.#pieces.push(bytes)
    this.#count(bytes.length)
  }

  /** They are not needed any more. */
  release(): void {
    this.#pieces = undefined
    this.#count(-this.#size)
  }

  #count(bytes: number): void {
    this.#size += bytes
    total += bytes
  }
}
