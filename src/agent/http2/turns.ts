/**
 * Turns of the event loop: a connection whose octets take long to read waits for one of its own, so that others, heartbeats among them, come between.
 * Of those that wait one has a turn at a time.
 */
import type { FlowHandlers } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'

/** Work on what one connection says, before others come. */
const TURN_MS = 4

export interface TurnsOptions {
  now(): number
  /** Calls once, when whatever else there is has had its turn. */
  later(call: () => void): void
}

export class Turns {
  readonly #options: TurnsOptions
  readonly #waiting: (() => void)[] = []
  #isSet = false

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  now(): number {
    return this.#options.now()
  }

  wait(call: () => void): void {
    this.#waiting.push(call)
    this.#set()
  }

  #set(): void {
    if (this.#isSet) return
    this.#isSet = true
    this.#options.later(() => {
      this.#isSet = false
      const next = this.#waiting.shift()
      if (this.#waiting.length > 0) this.#set()
      next?.()
    })
  }
}

/** Those of this process. */
export const TURNS: Turns = new Turns({ now: () => performance.now(), later: (call) => void setImmediate(call) })

/** A stream that is read in turns. */
export class InTurns implements Stream {
  readonly #stream: Stream
  readonly #turns: Turns
  #spentMs = 0
  #waits = false
  /** Who reads it wants no more for now. */
  #isPaused = true

  /** @param stream paused */
  constructor(stream: Stream, turns = TURNS) {
    this.#stream = stream
    this.#turns = turns
  }

  bind(handlers: FlowHandlers): void {
    this.#stream.bind({
      onData: (bytes) => this.#read(handlers, bytes),
      onEnd: () => handlers.onEnd(),
      onDrain: () => handlers.onDrain(),
      onClose: (reason) => handlers.onClose(reason),
    })
  }

  send(bytes: Uint8Array): boolean {
    return this.#stream.send(bytes)
  }

  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#waits) this.#stream.resume()
  }

  end(): void {
    this.#stream.end()
  }

  reset(...why: Parameters<Stream['reset']>): void {
    this.#stream.reset(...why)
  }

  #read(handlers: FlowHandlers, bytes: Buffer): void {
    const beganAt = this.#turns.now()
    handlers.onData(bytes)
    this.#spentMs += this.#turns.now() - beganAt
    if (this.#spentMs < TURN_MS || this.#waits) return
    this.#waits = true
    this.#stream.pause()
    this.#turns.wait(() => {
      this.#spentMs = 0
      this.#waits = false
      if (!this.#isPaused) this.#stream.resume()
    })
  }
}
