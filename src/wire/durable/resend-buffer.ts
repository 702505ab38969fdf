/** Bytes that were given and are not acknowledged: some sent, some not. Offsets count all bytes ever given. */
import { giveBack } from '../../lib/slab.ts'

export class ResendBuffer {
  #pieces: Buffer[] = []
  /** Acknowledged, but a link refers to them still. */
  #referred: { piece: Buffer; end: number }[] = []
  /** Pieces before this one are acknowledged and let go. */
  #head = 0
  /** Offset of the first byte that is kept, and of the first that is not acknowledged: pieces are let go whole. */
  #from = 0
  #acknowledged = 0
  #end = 0
  /** Where sending goes on: a piece, a byte in it, and its offset. */
  #piece = 0
  #byte = 0
  #sent = 0
  /** Up to where bytes were ever sent: after a rewind, more may have arrived than is sent again yet. */
  #furthest = 0

  /** Offset after the last byte. */
  get end(): number {
    return this.#end
  }

  /** Offset up to which everything is acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  get unacknowledgedBytes(): number {
    return this.#end - this.#acknowledged
  }

  get unsentBytes(): number {
    return this.#end - this.#sent
  }

  /** Offset of the next byte that will be sent. */
  get sent(): number {
    return this.#sent
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#pieces.push(bytes)
    this.#end += bytes.length
  }

  /** Takes what is to be sent next, at most `max` bytes, and counts it as sent. */
  take(max: number): { offset: number; bytes: number; pieces: Buffer[] } {
    const offset = this.#sent
    const pieces: Buffer[] = []
    let bytes = 0
    while (bytes < max) {
      const piece = this.#pieces[this.#piece]
      if (piece === undefined) break
      const part = piece.subarray(this.#byte, this.#byte + max - bytes)
      pieces.push(part)
      bytes += part.length
      this.#byte += part.length
      if (this.#byte < piece.length) break
      this.#piece++
      this.#byte = 0
    }
    this.#sent += bytes
    this.#furthest = Math.max(this.#furthest, this.#sent)
    return { offset, bytes, pieces }
  }

  /**
   * Lets go of what comes before `offset`.
   * @param written offset up to which no link refers to the bytes any more: only then is their memory given back, whatever the far end says
   * @returns false for an offset that was never sent
   */
  acknowledge(offset: number, written = offset): boolean {
    if (!(offset <= this.#furthest)) return false
    this.#giveBack(written)
    for (let piece = this.#pieces[this.#head]; piece !== undefined; piece = this.#pieces[this.#head]) {
      if (this.#from + piece.length > offset) break
      this.#from += piece.length
      this.#pieces[this.#head] = NOTHING
      if (this.#from <= written) giveBack(piece)
      else this.#referred.push({ piece, end: this.#from })
      this.#head++
    }
    this.#acknowledged = Math.max(this.#acknowledged, offset)
    if (this.#acknowledged > this.#sent) this.rewind(this.#acknowledged)
    this.#compact()
    return true
  }

  /** Sends again what was sent from `offset` on, which is at least what is acknowledged. */
  rewind(offset: number): void {
    let at = this.#from
    let piece = this.#head
    for (let next = this.#pieces[piece]; next !== undefined && at + next.length <= offset; next = this.#pieces[piece]) {
      at += next.length
      piece++
    }
    this.#piece = piece
    this.#byte = offset - at
    this.#sent = offset
  }

  clear(): void {
    this.#referred = []
    this.#pieces = []
    this.#head = 0
    this.#piece = 0
    this.#byte = 0
    this.#from = this.#end
    this.#sent = this.#end
    this.#furthest = this.#end
    this.#acknowledged = this.#end
  }

  #giveBack(written: number): void {
    const done = this.#referred.filter(({ end }) => end <= written)
    if (done.length === 0) return
    this.#referred = this.#referred.filter(({ end }) => end > written)
    for (const { piece } of done) giveBack(piece)
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head < this.#pieces.length) return
    this.#pieces.splice(0, this.#head)
    this.#piece -= this.#head
    this.#head = 0
  }
}

const NOTHING = Buffer.alloc(0)
