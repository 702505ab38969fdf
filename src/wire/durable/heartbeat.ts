/** Pings the far end each second, and says when it has been silent for three. */
import type { Clock, Timer } from '../../lib/clock.ts'

const PING_MS = 1000
const DEAD_MS = 3000
/** A tick this late means that this process, or the whole machine, stood still. */
const LATE_MS = 500

export interface HeartbeatOptions {
  clock: Clock
  ping(nonce: number): void
  onDead(reason: Error): void
}

/** So long a far end may take that is asked whether the link still lives. */
const PROBE_MS = 1000

/** The heartbeat of one link. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #timer: Timer
  #expected: number
  #heard: number
  #nonce = 0
  #probe: Timer | undefined

  constructor(options: HeartbeatOptions) {
    const { clock } = options
    this.#options = options
    this.#heard = clock.now()
    this.#expected = clock.now() + PING_MS
    this.#timer = clock.every(PING_MS, () => this.#tick())
    this.ping()
  }

  /** Something came. */
  heard(): void {
    this.#heard = this.#options.clock.now()
  }

  /** Asks now, and takes the link for dead when nothing comes within `limitMs`. */
  probe(limitMs: number): void {
    const { clock, onDead } = this.#options
    this.ping()
    const from = clock.now()
    this.#probe?.cancel()
    this.#probe = clock.after(limitMs, () => {
      if (this.#heard < from) onDead(new Error(`the far end did not answer within ${Math.round(limitMs)} ms`))
    })
  }

  stop(): void {
    this.#timer.cancel()
    this.#probe?.cancel()
  }

  #tick(): void {
    const now = this.#options.clock.now()
    const late = now - this.#expected > LATE_MS
    this.#expected = now + PING_MS
    // Who stood still has not listened: the far end is asked anew before it is blamed.
    if (late) {
      this.#heard = Math.max(this.#heard, now - PING_MS)
      this.probe(PROBE_MS)
    } else if (now - this.#heard >= DEAD_MS) this.#options.onDead(new Error('the far end has been silent for 3 s'))
    else this.ping()
  }

  /** Asks now. */
  ping(): void {
    this.#nonce = (this.#nonce + 1) >>> 0
    this.#options.ping(this.#nonce)
  }
}
