/** A clock that a test turns by hand. */
import type { Clock, Timer } from './clock.ts'

interface Entry {
  at: number
  every: number | undefined
  call: () => void
}

export class FakeClock implements Clock {
  #now = 0
  readonly #entries = new Set<Entry>()

  now(): number {
    return this.#now
  }

  after(ms: number, call: () => void): Timer {
    return this.#add({ at: this.#now + ms, every: undefined, call })
  }

  every(ms: number, call: () => void): Timer {
    return this.#add({ at: this.#now + ms, every: ms, call })
  }

  /** Lets `ms` pass; timers fire in order, each at its time. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = next.at
      if (next.every === undefined) this.#entries.delete(next)
      else next.at += next.every
      next.call()
    }
    this.#now = end
  }

  #next(end: number): Entry | undefined {
    let first: Entry | undefined
    for (const entry of this.#entries)
      if (entry.at <= end && (first === undefined || entry.at < first.at)) first = entry
    return first
  }

  #add(entry: Entry): Timer {
    this.#entries.add(entry)
    return { cancel: () => this.#entries.delete(entry) }
  }
}
