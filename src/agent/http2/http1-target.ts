/** A target that speaks HTTP/1.1 only, seen as one that speaks HTTP/2: each stream is a request on a connection of its own. */
import type { Budget } from '../../lib/budget.ts'
import { Cancellation } from '../../lib/cancellation.ts'
import { ChurnSet } from '../../lib/churn.ts'
import type { Clock } from '../../lib/clock.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { requestHead } from '../../lib/http2/messages/request-head.ts'
import { SETTING } from '../../lib/http2/settings.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { Hop } from './hop.ts'
import type { HopStream } from './hop-stream.ts'
import type { HopUser } from './hop-user.ts'
import { Http1Exchange } from './http1-exchange.ts'
import { memoryPair } from './memory-pair.ts'

export interface Http1TargetOptions {
  clock: Clock
  held: Budget
  maxStreams: number
  /** @param first octets, which travel with the opening */
  connect(first: Buffer, cancellation: Cancellation): Promise<Stream>
  /** Nobody answered this stream. Nothing of it comes any more. */
  onLost(stream: number, how: { kind: 'not opened'; error: Error } | { kind: 'broken'; why: string }): void
}

const WINDOWS = { stream: 256 * 1024, connection: 1024 * 1024 }

export class Http1Target implements HopUser {
  readonly #options: Http1TargetOptions
  readonly #hop: Hop
  readonly #far: Stream
  /** What HTTP/2 is spoken to; its preface is left out. */
  readonly stream: Stream
  readonly #exchanges = new ChurnSet<Http1Exchange>()
  readonly #gone = new Cancellation()
  #isCrowded = false

  constructor(options: Http1TargetOptions) {
    const { clock, held, maxStreams } = options
    this.#options = options
    this.#hop = new Hop({ user: this, clock, isServer: true, windows: WINDOWS, held, maxStreams })
    const [near, far] = memoryPair()
    this.stream = near
    this.#far = far
    far.bind(this.#hop)
  }

  start(): void {
    this.#hop.begin([SETTING.ENABLE_CONNECT_PROTOCOL, 1])
    this.#hop.out.connect(this.#far)
    this.#far.resume()
  }

  onOpen(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    const { clock, connect, onLost } = this.#options
    const exchange: Http1Exchange = new Http1Exchange({
      stream,
      head: requestHead(block, stream.id),
      isWhole: endStream,
      clock,
      connect: (first) => connect(first, this.#gone),
      onOver: () => this.#exchanges.delete(exchange),
      onLost: (how) => {
        this.#hop.close(stream, 'reset')
        onLost(stream.id, how)
      },
      settle: () => this.#settle(),
    })
    stream.user = exchange
    this.#exchanges.add(exchange)
    if (this.#isCrowded) exchange.crowd(true)
    void exchange.open()
  }

  onGoaway(): void {}

  onSettings(): void {}

  onStreamClosed(): void {}

  onBroken(): void {
    this.onClose()
  }

  onEnd(): void {
    for (const exchange of this.#exchanges) exchange.endClient()
  }

  onClose(): void {
    const streams = [...this.#hop.streams.values()]
    this.#hop.stop()
    this.#gone.cancel(new Error('nobody waits for it any more'))
    for (const stream of streams) stream.user.onReset(stream, 0, false)
    this.#far.end()
  }

  onRead(): void {
    this.#settle()
  }

  #settle(): void {
    this.#hop.settle()
    const { isCrowded } = this.#hop.out
    if (isCrowded === this.#isCrowded) return
    this.#isCrowded = isCrowded
    for (const exchange of this.#exchanges) exchange.crowd(isCrowded)
  }
}
