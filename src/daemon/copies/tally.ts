/** What became of a wiretap's copies: what agents say, and what happened here. */
import type { WiretapCounts } from '../../lib/daemon-api.ts'
import type { CopyCounts, Dropped } from '../../wire/messages/control.ts'

const NONE: Dropped = { slow: 0, rate: 0, large: 0, broken: 0 }
const REASONS = Object.keys(NONE) as (keyof Dropped)[]

export class Tally {
  /** Copies that the program got. */
  copied = 0
  /** Copies that came while too many were under way. */
  busy = 0
  /** Copies for which nothing listened. */
  unheard = 0
  same = 0
  different = 0
  /** Copies of which the app's answer is not known whole. */
  uncompared = 0
  /** Differences that nobody read. */
  untold = 0
  /** Copies that wait for an answer, or did when the wiretap ended. */
  pending = 0
  readonly #compares: boolean
  /** Of agents that are gone. */
  readonly #before: Dropped = { ...NONE }
  /** Of each pod, as its agent said last. */
  readonly #last = new Map<string, Dropped>()

  constructor(compares: boolean) {
    this.#compares = compares
  }

  /** An agent's counts since it has the wiretap: another agent of the same pod begins anew. */
  hear(podUid: string, { dropped }: CopyCounts): void {
    const last = this.#last.get(podUid)
    if (last !== undefined && REASONS.some((reason) => dropped[reason] < last[reason])) {
      for (const reason of REASONS) this.#before[reason] += last[reason]
    }
    this.#last.set(podUid, dropped)
  }

  get counts(): WiretapCounts {
    const { copied, busy, unheard, same, different, uncompared, untold, pending } = this
    const of = (reason: keyof Dropped): number =>
      [...this.#last.values()].reduce((sum, dropped) => sum + dropped[reason], this.#before[reason])
    const dropped = { slow: of('slow') + busy, rate: of('rate'), large: of('large'), broken: of('broken'), unheard }
    return { copied, dropped, ...(this.#compares && { compared: { same, different, uncompared, untold, pending } }) }
  }
}
