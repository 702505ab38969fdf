/** Those who wait until something is so, asked again at each change. */
import type { Clock } from './clock.ts'

export class Waiters {
  readonly #clock: Clock
  readonly #checks = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something has changed that somebody may wait for. */
  changed(): void {
    for (const check of [...this.#checks]) check()
  }

  /** Resolves with what `find` gives, as soon as it gives something; with undefined after `limitMs`. */
  async until<T>(find: () => T | undefined, limitMs: number): Promise<T | undefined> {
    const now = find()
    if (now !== undefined) return now
    const { promise, resolve } = Promise.withResolvers<T | undefined>()
    const check = (): void => {
      const found = find()
      if (found !== undefined) resolve(found)
    }
    this.#checks.add(check)
    const timer = this.#clock.after(limitMs, () => resolve(undefined))
    try {
      return await promise
    } finally {
      timer.cancel()
      this.#checks.delete(check)
    }
  }
}
