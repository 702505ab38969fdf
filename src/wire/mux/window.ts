/**
 * The receive window of a flow: how many bytes the far end may have under way. It starts small and doubles each time
 * the far end used it up within two round trips, which is the evidence that the window and not the sender held it back.
 */

export const START_WINDOW_BYTES = 256 * 1024
export const MAX_WINDOW_BYTES = 16 * 1024 * 1024
/** By how much all windows of one mux together may exceed their start. */
const MAX_GROWN_BYTES = 64 * 1024 * 1024

/** What the windows of one mux share. */
export interface WindowBudget {
  /** Bytes by which windows have grown so far. */
  grownBytes: number
  /** Last measured round trip in ms. */
  rttMs: number
}

export class ReceiveWindow {
  readonly #budget: WindowBudget
  #bytes = START_WINDOW_BYTES
  /** What the far end may still send. */
  #credit = START_WINDOW_BYTES
  #consumed = 0
  #roundStart: number

  constructor(budget: WindowBudget, now: number) {
    this.#budget = budget
    this.#roundStart = now
  }

  /** @returns false when the far end sent more than it may */
  receive(bytes: number): boolean {
    this.#credit -= bytes
    return this.#credit >= 0
  }

  /** Bytes that turned out not to be consumed yet. */
  putBack(bytes: number): void {
    this.#consumed -= bytes
  }

  /** @returns the credit to give to the far end now, or 0 */
  consume(bytes: number, now: number): number {
    this.#consumed += bytes
    if (this.#consumed < this.#bytes / 2) return 0
    const grant = this.#consumed + this.#grow(now)
    this.#consumed = 0
    this.#credit += grant
    this.#roundStart = now
    return grant
  }

  /** Gives what this window had grown back to the budget. */
  release(): void {
    this.#budget.grownBytes -= this.#bytes - START_WINDOW_BYTES
    this.#bytes = START_WINDOW_BYTES
  }

  #grow(now: number): number {
    const growth = this.#bytes
    const held = now - this.#roundStart < 2 * this.#budget.rttMs
    const room = this.#bytes + growth <= MAX_WINDOW_BYTES && this.#budget.grownBytes + growth <= MAX_GROWN_BYTES
    if (!held || !room) return 0
    this.#bytes += growth
    this.#budget.grownBytes += growth
    return growth
  }
}
