/** Work that nobody wants any more: what an `AbortSignal` says, for things of which each connection has some. A signal costs as much as a system call. */
export class Cancellation {
  #reason: Error | undefined
  #waiting: Set<(reason: Error) => void> | undefined
  #controller: AbortController | undefined

  get reason(): Error | undefined {
    return this.#reason
  }

  get isCancelled(): boolean {
    return this.#reason !== undefined
  }

  /** The same for who takes a signal. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }

  /** Tells everybody who waits. The first reason stays. */
  cancel(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#controller?.abort(reason)
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) for (const tell of waiting) tell(reason)
  }

  /** `tell` hears of it once, never now: look at `isCancelled` first. */
  whenCancelled(tell: (reason: Error) => void): void {
    this.#waiting ??= new Set()
    this.#waiting.add(tell)
  }

  /** `tell` is not interested any more. */
  forget(tell: (reason: Error) => void): void {
    this.#waiting?.delete(tell)
  }
}
