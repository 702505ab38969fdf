/** Splits a byte stream into JSON documents, one a line, without ever joining what it has already looked at. */

const NEWLINE = 0x0a

export class JsonLines {
  readonly #onValue: (value: unknown) => void
  readonly #limitBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  /** @param limitBytes longest line that is taken; a longer one throws from `push` */
  constructor(onValue: (value: unknown) => void, limitBytes = 64 << 20) {
    this.#onValue = onValue
    this.#limitBytes = limitBytes
  }

  /**
   * Takes the next bytes and calls back for each line that they complete.
   * @throws SyntaxError for a line that is no JSON, RangeError for one that is too long
   */
  push(bytes: Buffer): void {
    let from = 0
    for (;;) {
      const at = bytes.indexOf(NEWLINE, from)
      if (at === -1) break
      this.#keep(bytes.subarray(from, at))
      from = at + 1
      const line = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts)
      this.#parts = []
      this.#bytes = 0
      const text = line?.toString('utf8').trim() ?? ''
      if (text !== '') this.#onValue(JSON.parse(text))
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from))
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length
    if (this.#bytes > this.#limitBytes) throw new RangeError(`a line is longer than ${this.#limitBytes} bytes`)
    this.#parts.push(part)
  }
}
