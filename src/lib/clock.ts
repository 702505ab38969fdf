/** Time as a thing that is passed in, so that tests can turn it by hand. */

export interface Timer {
  /** Stops the timer; harmless when it has fired. */
  cancel(): void
}

export interface Clock {
  /** Milliseconds of a monotonic clock; only differences mean something. */
  now(): number
  /** Calls once after `ms`. The timer does not keep the process alive. */
  after(ms: number, call: () => void): Timer
  /** Calls every `ms` until it is cancelled. The timer does not keep the process alive. */
  every(ms: number, call: () => void): Timer
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const handle = setTimeout(call, ms)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  every(ms, call) {
    const handle = setInterval(call, ms)
    handle.unref()
    return { cancel: () => clearInterval(handle) }
  },
}
