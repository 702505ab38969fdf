/** What one filter may spend on one request, so that no filter on any request holds the event loop for milliseconds. */

/**
 * Steps for each filter and request. A step is about what one character costs a pattern whose next state is known (some nanoseconds); what
 * takes longer spends more. The largest head (64 KiB) can be searched four times.
 */
export const STEPS = 300_000

/** What it costs that an operand fails: something is thrown and caught. */
export const FAILURE_STEPS = 100

/** Thrown when a filter has nothing left to spend; nothing but the filter's end may catch it. */
export class Exceeded extends Error {
  constructor() {
    super('it takes too long on this request')
  }
}

/** Made once, without a trace for each request. */
const EXCEEDED = new Exceeded()

export class Budget {
  #full = STEPS
  #left = STEPS

  /** @returns itself, with so many steps */
  renew(steps: number = STEPS): this {
    this.#full = steps
    this.#left = steps
    return this
  }

  /** Throws `Exceeded`. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw EXCEEDED
  }

  get spent(): number {
    return this.#full - this.#left
  }
}
