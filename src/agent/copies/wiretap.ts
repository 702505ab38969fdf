/** One wiretap of this pod: which of the requests that match are copied, and what became of them. */

import { Bucket } from '../../lib/bucket.ts'
import { Budget } from '../../lib/budget.ts'
import { ChurnSet } from '../../lib/churn.ts'
import type { Clock } from '../../lib/clock.ts'
import type { CopyCounts, Dropped, Route } from '../../wire/messages/control.ts'
import type { Copy } from '../routing.ts'
import type { Line } from './line.ts'
import { RequestCopy } from './request-copy.ts'

/** All copies of one wiretap that have not left. */
export const WIRETAP_BYTES: number = 8 * 1024 * 1024
/** A copy that is not whole by then is given up. */
const WHOLE_MS = 30_000

export interface WiretapOptions {
  intercept: string
  /** What all wiretaps of the agent may hold. */
  budget: Budget
  clock: Clock
  /** From 0 to below 1. Default `Math.random`. */
  random?: () => number
}

export class Wiretap {
  readonly budget: Budget
  readonly #options: WiretapOptions
  readonly #random: () => number
  readonly #dropped: Dropped = { slow: 0, rate: 0, large: 0, broken: 0 }
  readonly #open = new ChurnSet<RequestCopy>()
  #copied = 0
  #told = ''
  #line: Line | undefined
  #share = 1
  #diff = false
  #maxRps: number | undefined
  #bucket: Bucket | undefined

  constructor(options: WiretapOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
    this.budget = new Budget(WIRETAP_BYTES, options.budget)
  }

  /** What is copied from now on. */
  set({ percent, maxRps, diff }: NonNullable<Route['copies']>): void {
    this.#share = percent / 100
    this.#diff = diff
    if (maxRps === this.#maxRps) return
    this.#maxRps = maxRps
    this.#bucket = maxRps === undefined ? undefined : new Bucket(maxRps, this.#options.clock)
  }

  /** Where copies go from now on; the line of before is closed. */
  use(line: Line | undefined): void {
    if (this.#line !== line) this.#line?.close()
    this.#line = line
  }

  get line(): Line | undefined {
    return this.#line?.isOver === false ? this.#line : undefined
  }

  /** Cheapest questions first: of most requests nothing more is done. */
  begin(port: number, isSecure = false): Copy | undefined {
    if (this.#share < 1 && this.#random() >= this.#share) return undefined
    const line = this.#line
    if (line?.hasRoom !== true || this.budget.isSpent) {
      this.#dropped.slow++
      return undefined
    }
    if (this.#bucket?.take() === false) {
      this.#dropped.rate++
      return undefined
    }
    const copy = new RequestCopy({
      line,
      budget: this.budget,
      port,
      isSecure,
      wantsAnswer: this.#diff,
      beganAt: this.#options.clock.now(),
      onRequest: (why) => {
        if (why === undefined) this.#copied++
        else this.#dropped[why]++
      },
      onOver: (one) => this.#open.delete(one),
    })
    this.#open.add(copy)
    return copy
  }

  /** Gives up what has been under way for too long. */
  sweep(): void {
    const since = this.#options.clock.now() - WHOLE_MS
    for (const copy of this.#open) {
      // They stand in the order in which they began.
      if (copy.beganAt > since) return
      copy.giveUp('slow')
    }
  }

  /** The counts, when they are others than last time. */
  news(): CopyCounts | undefined {
    const counts = { kind: 'copies', intercept: this.#options.intercept, copied: this.#copied, dropped: this.#dropped }
    const text = JSON.stringify(counts)
    if (text === this.#told) return undefined
    this.#told = text
    return JSON.parse(text) as CopyCounts
  }

  /** Another laptop's end has been told nothing yet. */
  forgetTold(): void {
    this.#told = ''
  }
}
