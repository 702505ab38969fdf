/** How many a second: a bucket of tokens that fills evenly and holds those of one second, or one. */
import type { Clock } from './clock.ts'

export class Bucket {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #most: number
  #tokens: number
  #filledAt: number

  constructor(perSecond: number, clock: Clock) {
    this.#clock = clock
    this.#perMs = perSecond / 1000
    this.#most = Math.max(1, perSecond)
    this.#tokens = this.#most
    this.#filledAt = clock.now()
  }

  /** @returns false when there is none */
  take(): boolean {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) * this.#perMs)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
