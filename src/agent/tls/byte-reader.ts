/** Reads the vectors that messages of TLS are made of. */

/** Numbers and vectors (RFC 8446 §3); what does not fit makes it bad, and everything that is read then is empty. */
export class ByteReader {
  #bytes: Buffer
  #bad = false

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isGood(): boolean {
    return !this.#bad
  }

  get left(): number {
    return this.#bytes.length
  }

  fail(): void {
    this.#bad = true
    this.#bytes = Buffer.alloc(0)
  }

  skip(count: number): void {
    this.#take(count)
  }

  /** Unsigned, big-endian. */
  number(width: 1 | 2 | 3): number {
    const bytes = this.#take(width)
    return bytes.length === width ? bytes.readUIntBE(0, width) : 0
  }

  /** What has its length, of so many octets, before it. */
  vector(width: 1 | 2 | 3): ByteReader {
    const inner = new ByteReader(this.#take(this.number(width)))
    if (this.#bad) inner.fail()
    return inner
  }

  /** All that is left. */
  rest(): Buffer {
    return this.#bytes
  }

  #take(count: number): Buffer {
    if (count > this.#bytes.length) this.fail()
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(taken.length)
    return taken
  }
}
