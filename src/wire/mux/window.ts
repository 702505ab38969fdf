/**
 * The receive window of a flow: how many bytes the far end may have under way. It starts small and doubles each time
 * the far end used it up within two round trips, which is the evidence that the window and not the sender held it back.
 * While much waits unread in this process, the windows of flows of which something waits do not grow, and shrink as they are read.
 */

export const START_WINDOW_BYTES = 256 * 1024
export const MAX_WINDOW_BYTES = 16 * 1024 * 1024
/** By how much all windows of one mux together may exceed their start. */
const MAX_GROWN_BYTES = 64 * 1024 * 1024

/** More that waits unread in all flows of a process is too much. */
const PRESSURE_BYTES = 32 * 1024 * 1024

/** More that waits unread on one mux is not kept: flows that nobody reads are reset. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024

/** What waits unread, in all flows of one process. */
export interface Unread {
  bytes: number
}

const unread: Unread = { bytes: 0 }

/** What the windows of one mux share. */
export interface WindowBudget {
  /** Bytes by which windows have grown so far. */
  grownBytes: number
  /** Bytes that wait unread. */
  waitingBytes: number
  /** Last measured round trip in ms. */
  rttMs: number
}

export class ReceiveWindow {
  readonly #budget: WindowBudget
  readonly #unread: Unread
  /** What waits unread of this flow. */
  #waiting = 0
  #bytes = START_WINDOW_BYTES
  /** What the far end may still send. */
  #credit = START_WINDOW_BYTES
  #consumed = 0
  #roundStart: number

  constructor(budget: WindowBudget, now: number, everybodys = unread) {
    this.#budget = budget
    this.#unread = everybodys
    this.#roundStart = now
  }

  /** @returns false when the far end sent more than it may */
  receive(bytes: number): boolean {
    this.#credit -= bytes
    return this.#credit >= 0
  }

  /** Bytes that nobody reads now wait, or such bytes are read. @returns false when more waits than may on this mux */
  waits(bytes: number): boolean {
    this.#waiting += bytes
    this.#unread.bytes += bytes
    this.#budget.waitingBytes += bytes
    return this.#budget.waitingBytes <= MAX_WAITING_BYTES
  }

  /** Who reads at once is not to blame. */
  get #isPressed(): boolean {
    return this.#waiting > 0 && this.#unread.bytes >= PRESSURE_BYTES
  }

  /** Bytes that turned out not to be consumed yet: they wait again. */
  putBack(bytes: number): void {
    this.#consumed -= bytes
    this.waits(bytes)
  }

  /** @returns the credit to give to the far end now, or 0 */
  consume(bytes: number, now: number): number {
    this.#consumed += bytes
    if (this.#consumed < this.#bytes / 2) return 0
    const grant = this.#consumed + (this.#isPressed ? -this.#shrink() : this.#grow(now))
    this.#consumed = 0
    this.#credit += grant
    this.#roundStart = now
    return grant
  }

  /** The flow is over: gives what this window had grown back to the budget. */
  release(): void {
    this.waits(-this.#waiting)
    this.#budget.grownBytes -= this.#bytes - START_WINDOW_BYTES
    this.#bytes = START_WINDOW_BYTES
  }

  /** Back to half, by giving less credit than was consumed. @returns by how much */
  #shrink(): number {
    const smaller = Math.max(START_WINDOW_BYTES, this.#bytes / 2)
    const less = Math.min(this.#consumed, this.#bytes - smaller)
    this.#bytes -= less
    this.#budget.grownBytes -= less
    return less
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
