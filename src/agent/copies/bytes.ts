/** Bytes of a copy, in one piece that grows: thousands of small pieces would cost more than what is in them. */
import type { Budget } from '../../lib/budget.ts'

export class Bytes {
  readonly #budget: Budget
  readonly #limit: number
  readonly #head: number
  #whole: Buffer = EMPTY
  #length = 0

  /** @param head bytes that are left free at the beginning, beyond the limit */
  constructor(budget: Budget, limitBytes: number, head: number) {
    this.#budget = budget
    this.#limit = limitBytes
    this.#head = head
  }

  /** Copies `bytes`. @returns why they could not be taken; then what was taken before is still there */
  add(bytes: Buffer): 'large' | 'slow' | undefined {
    const start = this.#length === 0 ? this.#head : this.#length
    const end = start + bytes.length
    if (end - this.#head > this.#limit) return 'large'
    if (end > this.#whole.length && !this.#grow(end)) return 'slow'
    bytes.copy(this.#whole, start)
    this.#length = end
    return undefined
  }

  /** All of it, the head's bytes first; its memory stays taken. */
  get whole(): Buffer {
    if (this.#length === 0 && this.#grow(this.#head)) this.#length = this.#head
    return this.#whole.subarray(0, this.#length)
  }

  /** What it holds of the budget. */
  get heldBytes(): number {
    return this.#whole.length
  }

  /** Forgets the bytes and gives their memory back. */
  drop(): void {
    this.#budget.give(this.#whole.length)
    this.#whole = EMPTY
    this.#length = 0
  }

  /** The first piece often is all there is: it gets what it needs. */
  #grow(needed: number): boolean {
    const most = this.#limit + this.#head
    const size = this.#length === 0 ? needed : Math.min(most, Math.max(needed, 2 * this.#whole.length))
    if (!this.#budget.take(size)) return false
    const larger = Buffer.allocUnsafe(size)
    this.#whole.copy(larger, 0, 0, this.#length)
    this.#budget.give(this.#whole.length)
    this.#whole = larger
    return true
  }
}

const EMPTY = Buffer.alloc(0)
