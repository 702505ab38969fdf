/** A client that does not read what it is answered. */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import { leftToSend } from '../../lib/left-to-send.ts'

const LOOK_MS = 30_000
/** Nothing of it went for so long. The kernel takes bytes in large steps: a client that reads some kilobytes each second is seen to read. */
const UNREAD_MS = 5 * 60_000

/**
 * Watches what waits for a client. Only the client is bounded by it: a program on a laptop that stands in a debugger sends nothing, so nothing waits, and
 * what a laptop does not read is bounded in memory, not in time.
 */
export class UnreadAnswer {
  readonly #client: Socket
  readonly #clock: Clock
  readonly #onUnread: () => void
  readonly #waits: () => number
  #timer: Timer | undefined
  #left = 0
  #sinceMs = 0

  /**
   * @param onUnread called once, after 5 minutes; the watch has ended then
   * @param waits 0 when nothing waits, else a number that changes whenever something of it went
   */
  constructor(client: Socket, clock: Clock, onUnread: () => void, waits: () => number = () => leftToSend(client)) {
    this.#client = client
    this.#clock = clock
    this.#onUnread = onUnread
    this.#waits = waits
  }

  /** Something may wait now. The watch ends by itself when nothing does any more. */
  watch(): void {
    if (this.#timer === undefined) this.#begin()
  }

  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #begin(): void {
    this.#left = this.#waits()
    if (this.#left === 0 || this.#client.destroyed) return
    this.#sinceMs = this.#clock.now()
    this.#timer = this.#clock.after(LOOK_MS, this.#look)
  }

  readonly #look = (): void => {
    this.#timer = undefined
    const left = this.#waits()
    if (left !== this.#left) this.#begin()
    else if (this.#clock.now() - this.#sinceMs >= UNREAD_MS) this.#onUnread()
    else this.#timer = this.#clock.after(LOOK_MS, this.#look)
  }
}
