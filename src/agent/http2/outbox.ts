/** Frames on their way out: what one event makes leaves in one write. */

export interface Transport {
  /** @returns false: wait for the drain */
  send(bytes: Uint8Array): boolean
}

const CHUNK_BYTES = 32 * 1024
/** Smaller pieces are copied together; larger ones are passed on where they are. */
const COPY_BYTES = 2048
/** Of several pieces, so much is joined to one. */
const JOIN_BYTES = 32 * 1024
const NOTHING = Buffer.alloc(0)

export class Outbox {
  #pieces: Buffer[] = []
  #size = 0
  /** What is written small, from `#from` on not yet a piece. */
  #chunk: Buffer = NOTHING
  #from = 0
  #to = 0
  /** What is passed on of one read, as long as it is without a gap. */
  #run: Buffer = NOTHING
  #runFrom = 0
  #runTo = 0

  get size(): number {
    return this.#size
  }

  /** Room for so many octets, at `position` of `bytes`: they are written before anything else is asked of this. */
  reserve(bytes: number): Buffer {
    this.#endRun()
    if (this.#chunk.length - this.#to < bytes) {
      this.#endSmall()
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes))
      this.#from = 0
      this.#to = 0
    }
    this.position = this.#to
    this.#to += bytes
    this.#size += bytes
    return this.#chunk
  }

  position = 0

  /** Passes octets on; nobody may change them any more. */
  add(bytes: Buffer, from: number, to: number): void {
    if (this.#run === bytes && this.#runTo === from) {
      this.#runTo = to
      this.#size += to - from
      return
    }
    if (to - from < COPY_BYTES) {
      const out = this.reserve(to - from)
      bytes.copy(out, this.position, from, to)
      return
    }
    this.#endRun()
    this.#endSmall()
    this.#run = bytes
    this.#runFrom = from
    this.#runTo = to
    this.#size += to - from
  }

  /** All of it, as one piece: what travels with an opening. */
  take(): Buffer {
    const pieces = this.#takePieces()
    return pieces.length === 1 ? (pieces[0] ?? NOTHING) : Buffer.concat(pieces)
  }

  /** @returns false when the transport is full */
  flush(to: Transport): boolean {
    if (this.#size === 0) return true
    if (this.#size <= JOIN_BYTES) return to.send(this.take())
    let goesOn = true
    for (const piece of this.#takePieces()) goesOn = to.send(piece)
    return goesOn
  }

  #takePieces(): Buffer[] {
    this.#endRun()
    this.#endSmall()
    const pieces = this.#pieces
    this.#pieces = []
    this.#size = 0
    return pieces
  }

  #endRun(): void {
    if (this.#runTo === 0) return
    this.#pieces.push(this.#run.subarray(this.#runFrom, this.#runTo))
    this.#run = NOTHING
    this.#runFrom = 0
    this.#runTo = 0
  }

  #endSmall(): void {
    if (this.#to === this.#from) return
    this.#pieces.push(this.#chunk.subarray(this.#from, this.#to))
    this.#from = this.#to
  }
}
