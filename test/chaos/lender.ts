/** Lends bytes as a socket does that has read them: piece after piece of one slab. */
import { closeSlab, lend, takeSlab } from '../../src/lib/slab.ts'

export class Lender {
  #left: Buffer | undefined

  /** A copy, lent. @param bytes at most a slab */
  lend(bytes: Buffer): Buffer {
    if (this.#left !== undefined && this.#left.length < bytes.length) {
      closeSlab(this.#left)
      this.#left = undefined
    }
    const left = this.#left ?? takeSlab()
    this.#left = left.subarray(bytes.length)
    left.set(bytes)
    return lend(left, bytes.length)
  }
}
