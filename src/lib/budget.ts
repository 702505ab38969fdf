/** Memory that may be used, within what others may use together. */

export class Budget {
  readonly #limit: number
  readonly #parent: Budget | undefined
  #used = 0

  constructor(limitBytes: number, parent?: Budget) {
    this.#limit = limitBytes
    this.#parent = parent
  }

  get usedBytes(): number {
    return this.#used
  }

  /** No more can be had. */
  get isSpent(): boolean {
    return this.#used >= this.#limit || this.#parent?.isSpent === true
  }

  /** @returns false, and takes nothing, when it is not to be had */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit || this.#parent?.take(bytes) === false) return false
    this.#used += bytes
    return true
  }

  give(bytes: number): void {
    this.#used -= bytes
    this.#parent?.give(bytes)
  }
}
