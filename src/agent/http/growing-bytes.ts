/** Bytes that come in pieces and are looked at as one, without copying all of them for each piece. */

const EMPTY = Buffer.alloc(0)

export class GrowingBytes {
  #bytes: Buffer = EMPTY
  /** Memory that was made here, with `#bytes` in it; empty while they are as they came. */
  #room: Buffer = EMPTY
  /** Where `#bytes` end in it. */
  #end = 0

  /** What is there: to be looked at, or kept, for nobody writes to it any more. */
  get bytes(): Buffer {
    return this.#bytes
  }

  get length(): number {
    return this.#bytes.length
  }

  /** Bytes of memory that was made here. */
  get held(): number {
    return this.#room.length
  }

  /** @param more are kept as they are when nothing else is there: nobody else may write to them */
  add(more: Buffer): void {
    if (this.#bytes.length > 0) this.append(more)
    else {
      this.clear()
      this.#bytes = more
    }
  }

  /** @param more are copied */
  append(more: Buffer): void {
    if (more.length === 0) return
    const needed = this.#bytes.length + more.length
    if (this.#room.length - this.#end < more.length) {
      this.#room = Buffer.allocUnsafeSlow(Math.max(2 * needed, 1024))
      this.#end = this.#bytes.copy(this.#room)
    }
    this.#end += more.copy(this.#room, this.#end)
    this.#bytes = this.#room.subarray(this.#end - needed, this.#end)
  }

  /** @returns the first of them, which are gone here */
  take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count)
    if (count >= this.#bytes.length) this.clear()
    else this.#bytes = this.#bytes.subarray(count)
    return taken
  }

  clear(): void {
    this.#bytes = EMPTY
    this.#room = EMPTY
    this.#end = 0
  }
}
