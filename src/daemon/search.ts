/** Looks for one thing again and again, with growing, jittered pauses, until it is found or nobody wants it. */
import type { Clock } from '../lib/clock.ts'

export interface SearchOptions {
  clock: Clock
  /** Pause after the first failure. */
  firstMs: number
  /** Longest pause after so many failures in a row. */
  longestMs(failures: number): number
  /** One attempt: resolves when it was found, rejects when it was not, or soon after the signal is aborted. */
  attempt(signal: AbortSignal): Promise<void>
}

export class Search {
  readonly #options: SearchOptions
  #run: { stop: AbortController; attempt: AbortController } | undefined
  #wake: () => void = () => {}
  #failures = 0

  constructor(options: SearchOptions) {
    this.#options = options
  }

  /** Attempts that failed since it was last found for good, or somebody was in a hurry. */
  get failures(): number {
    return this.#failures
  }

  /** Begins, with a pause when something failed before. Does nothing while it looks already. */
  start(): void {
    if (this.#run === undefined) void this.#look()
  }

  /** Ends it, and the attempt that is under way. */
  stop(): void {
    this.#run?.stop.abort(new Error('it is not looked for any more'))
    this.#run = undefined
    this.#wake()
  }

  /** Forgets the failures: the next pause is the first one again. */
  reset(): void {
    this.#failures = 0
  }

  /** What was found turned out to be no good, so many times in a row. */
  failed(times = 1): void {
    this.#failures += times
  }

  /** Tries now instead of later. @param anew also ends the attempt that is under way: the network has changed */
  hurry({ anew = false }: { anew?: boolean } = {}): void {
    this.#failures = 0
    if (anew) this.#run?.attempt.abort(new Error('the network has changed'))
    this.#wake()
  }

  async #look(): Promise<void> {
    const run = { stop: new AbortController(), attempt: new AbortController() }
    this.#run = run
    const { signal } = run.stop
    if (this.#failures > 0) await this.#pause()
    while (!signal.aborted) {
      run.attempt = new AbortController()
      const startedAt = this.#options.clock.now()
      try {
        await this.#options.attempt(AbortSignal.any([signal, run.attempt.signal]))
        break
      } catch {
        if (run.attempt.signal.aborted) continue
      }
      if (signal.aborted) return
      this.#failures++
      // Who waited for an answer in vain has waited.
      await this.#pause(this.#options.clock.now() - startedAt)
    }
    if (this.#run === run) this.#run = undefined
  }

  #pause(waitedMs = 0): Promise<void> {
    const { clock, firstMs, longestMs } = this.#options
    const { promise, resolve } = Promise.withResolvers<void>()
    const ms = Math.min(firstMs * 2 ** Math.min(this.#failures - 1, 30), longestMs(this.#failures))
    const timer = clock.after(Math.max(0, ms * (0.5 + Math.random()) - waitedMs), resolve)
    this.#wake = resolve
    return promise.finally(() => timer.cancel())
  }
}
