/**
 * How many times what the path holds may be under way. Twice keeps a path full that loses nothing. Where it does, everything behind a lost piece waits until that is there,
 * so that twice is just what keeps the rate as low as it happens to be: now and then one more is tried, and kept when the rate grew by it; and one less, and kept when
 * the rate stayed. In the beginning, when nothing is known, it is most for as long as the rate grows.
 */

export const LEAST_GAIN = 2
const MOST_GAIN = 4
/** Samples between two trials, and of one trial; what was sent before it says nothing, so the first half does not count. */
const REST = 36
const TRIAL = 12
const COUNTED = TRIAL / 2
/** What counts as a rate that grew or fell. */
const CHANGE = 0.05

export class Gain {
  #gain = LEAST_GAIN
  #trial: { step: number; before: number } | undefined = { step: MOST_GAIN - LEAST_GAIN, before: 0 }
  #left = COUNTED
  #nextStep: 1 | -1 = 1
  /** The fastest of the samples that count now. */
  #best = 0

  get now(): number {
    return this.#gain + (this.#trial?.step ?? 0)
  }

  /** @param rate of any unit, as long as it is the same */
  sample(rate: number): void {
    this.#left--
    if (this.#left < COUNTED) this.#best = Math.max(this.#best, rate)
    if (this.#left > 0) return
    if (this.#trial === undefined) this.#begin()
    else this.#end(this.#trial)
    this.#best = 0
  }

  #begin(): void {
    const step = this.#gain === LEAST_GAIN ? 1 : this.#gain === MOST_GAIN ? -1 : this.#nextStep
    this.#nextStep = step === 1 ? -1 : 1
    this.#trial = { step, before: this.#best }
    this.#left = TRIAL
  }

  #end({ step, before }: { step: number; before: number }): void {
    if (step > 1 && this.#best > before * (1 + CHANGE)) {
      this.#trial = { step, before: this.#best }
      this.#left = COUNTED
      return
    }
    this.#trial = undefined
    if (step > 1) {
      this.#left = TRIAL
      return
    }
    const isBetter = step === 1 ? this.#best > before * (1 + CHANGE) : this.#best > before * (1 - CHANGE)
    if (isBetter) this.#gain += step
    // What was better by one may be better still by another.
    const goesOn = isBetter && step === 1
    if (goesOn) this.#nextStep = 1
    this.#left = goesOn ? COUNTED : REST
  }
}
