/** Streams that are led to laptops, by attachment: who loses the right to one has what is under way for a while, and no longer. */
import { ChurnSet } from '../lib/churn.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Stream } from '../wire/session/contract.ts'

/** What is under way when a route goes, or may not look into TLS any more, has so long to be finished. */
export const FINISH_MS = 10_000

export class Led {
  readonly #clock: Clock
  /** By the Intercept's uid. */
  readonly #streams = new Map<string, ChurnSet<Stream>>()
  readonly #timers = new Set<Timer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(intercept: string, stream: Stream): void {
    const known = this.#streams.get(intercept) ?? new ChurnSet<Stream>()
    this.#streams.set(intercept, known)
    known.add(stream)
  }

  /** It is over. */
  remove(intercept: string, stream: Stream): void {
    const known = this.#streams.get(intercept)
    known?.delete(stream)
    if (known?.size === 0) this.#streams.delete(intercept)
  }

  /** Ends an attachment's streams of now that are not over by then. */
  finish(intercept: string): void {
    const under = [...(this.#streams.get(intercept) ?? [])]
    if (under.length === 0) return
    const timer = this.#clock.after(FINISH_MS, () => {
      this.#timers.delete(timer)
      // One that is over already takes no notice.
      for (const stream of under) stream.reset('cancel', 'the attachment may not have it any more')
    })
    this.#timers.add(timer)
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel()
  }
}
