/** What of one answer may be kept for comparison. */
import type { Budget } from '../../lib/budget.ts'
import { MAX_COPY_BYTES } from '../../wire/messages/copies.ts'

export class Keep {
  readonly #budget: Budget
  readonly #onKept: (bytes: number) => void
  #bytes = 0

  /** @param onKept says what was taken of the budget: the caller gives it back */
  constructor(budget: Budget, onKept: (bytes: number) => void) {
    this.#budget = budget
    this.#onKept = onKept
  }

  /** @returns false: that is more than may be kept */
  take(bytes: number): boolean {
    this.#bytes += bytes
    if (this.#bytes > MAX_COPY_BYTES || !this.#budget.take(bytes)) return false
    this.#onKept(bytes)
    return true
  }
}
