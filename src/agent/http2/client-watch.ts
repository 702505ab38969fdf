/** A client that holds memory and does nothing for it: looked at now and then. */
import type { Socket } from 'node:net'
import type { Budget } from '../../lib/budget.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import { UnreadAnswer } from '../http/unread-answer.ts'
import type { Hop } from './hop.ts'

export interface ClientWatchOptions {
  client: Socket
  hop: Hop
  clock: Clock
  /** DATA that waits, of all connections. */
  held: Budget
  heldLimitBytes: number
  /** It has begun something and does not end it. */
  onSlow(): void
  /** It takes nothing while memory is short. */
  onStuck(): void
  /** It took nothing for 5 minutes. */
  onUnread(): void
}

/** A block that began must be whole by then, and the client's SETTINGS there. */
const CHECK_MS = 60_000

export class ClientWatch {
  readonly #options: ClientWatchOptions
  readonly #timer: Timer
  /** The client takes nothing from its socket, or gives no room for what waits here. */
  readonly #unread: UnreadAnswer
  readonly #unasked: UnreadAnswer
  #blockAtCheck = 0
  #sentAtCheck = 0

  constructor(options: ClientWatchOptions) {
    this.#options = options
    const { client, hop, clock, onUnread } = options
    const { out } = hop
    this.#unread = new UnreadAnswer(client, clock, onUnread)
    this.#unasked = new UnreadAnswer(client, clock, onUnread, () => (out.heldBytes === 0 ? 0 : 1 + out.unheldBytes))
    this.#timer = clock.every(CHECK_MS, () => this.#check())
  }

  /** Something was written. */
  written(): void {
    const { out } = this.#options.hop
    if (out.isFull) this.#unread.watch()
    if (out.heldBytes > 0) this.#unasked.watch()
  }

  end(): void {
    this.#timer.cancel()
    this.#unread.end()
    this.#unasked.end()
  }

  #check(): void {
    const { hop, held, heldLimitBytes, onSlow, onStuck } = this.#options
    const { openBlock, hasSettings, out } = hop
    if (!hasSettings || (openBlock > 0 && openBlock === this.#blockAtCheck)) {
      onSlow()
      return
    }
    this.#blockAtCheck = openBlock
    const isStuck = (out.isFull || out.heldBytes > 0) && out.sentBytes === this.#sentAtCheck
    this.#sentAtCheck = out.sentBytes
    // One that is debugged may stop for long; memory is all that it costs.
    if (isStuck && held.usedBytes * 2 >= heldLimitBytes) onStuck()
  }
}
