/** The hop to one target of a client's connection: the app, or one laptop's program. */
import type { Budget } from '../../lib/budget.ts'
import { Cancellation } from '../../lib/cancellation.ts'
import type { Clock } from '../../lib/clock.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { PREFACE } from '../../lib/http2/preface.ts'
import type { FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { letGo } from '../http/let-go.ts'
import { APP } from '../http/upstream.ts'
import type { Choice } from '../routing.ts'
import type { Asker, Loss } from './asker.ts'
import { Askers } from './askers.ts'
import { Hop } from './hop.ts'
import type { HopStream } from './hop-stream.ts'
import type { HopUser } from './hop-user.ts'

export interface UpstreamHopOptions {
  choice: Choice
  clock: Clock
  held: Budget
  /** Streams that its user may ask at once. */
  maxStreams: number
  /** HTTP/2 is spoken to a bridge, which needs no preface. */
  isBridged: boolean
  /** It does not speak HTTP/2; `sure`: it said something else. */
  onNoHttp2(hop: UpstreamHop, sure: boolean): void
  /** @param first octets, which travel with the opening */
  open(hop: UpstreamHop, first: Buffer, cancellation: Cancellation): Promise<Stream>
  /** It takes nothing more: the next one who asks the same needs another. */
  onRetired(hop: UpstreamHop): void
  /** It is over; who asked was told. */
  onOver(hop: UpstreamHop, how: Loss): void
  onSettings(hop: UpstreamHop): void
  onRead(): void
}

/** A program's own windows bound what goes to it; these bound what comes. A laptop is far away, and its path must be filled. */
export const NEAR = { stream: 256 * 1024, connection: 1024 * 1024 }
const FAR = { stream: 2 * 1024 * 1024, connection: 4 * 1024 * 1024 }
const LOST = 'the connection to it was lost'
const AWAY = 'it has been away for 8 s'

export class UpstreamHop implements HopUser {
  readonly choice: Choice
  readonly key: string
  readonly hop: Hop
  readonly isBridged: boolean
  /** It was never answered through. */
  isFresh = true
  readonly #options: UpstreamHopOptions
  readonly #cancellation = new Cancellation()
  #state: 'new' | 'opening' | 'open' | 'over' = 'new'
  /** Takes no more streams. */
  #isRetired = false
  readonly #askers = new Askers(this)
  #stream: Stream | undefined
  #unwatch: (() => void) | undefined
  #isNoHttp2 = false
  #isEnding = false
  #isHeld = false

  constructor(options: UpstreamHopOptions) {
    const { choice, clock, held, maxStreams } = options
    this.#options = options
    this.choice = choice
    this.isBridged = options.isBridged
    this.key = choice.to === 'app' ? APP : choice.key
    const windows = choice.to === 'app' ? NEAR : FAR
    this.hop = new Hop({ user: this, clock, isServer: false, windows, held, maxStreams })
  }

  get isApp(): boolean {
    return this.choice.to === 'app'
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Gives room for a stream, now or later, or says that it was lost. */
  ask(asker: Asker): void {
    this.#askers.ask(asker)
  }

  /** Opens the stream of somebody who was told to begin. */
  stream(id: number, asker: Asker & HopStream['user']): HopStream {
    const stream = this.hop.open(id, asker)
    this.#askers.began(stream, asker)
    if (this.hop.isUsedUp) this.#retire()
    return stream
  }

  /** Goes on with a connection whose other end speaks HTTP/2 from here on, and has been asked stream 1 in HTTP/1.1. @param first what it has said since */
  adopt(stream: Stream, first: Buffer): void {
    this.#opened(stream)
    this.hop.onData(first)
  }

  /** Nothing is wanted of this asker any more, which has no stream yet. */
  giveUp(asker: Asker): void {
    this.#askers.waitNoMore(asker)
    this.#endIfIdle()
  }

  /** Sends what may go; opens the connection when there is something to say. */
  settle(): void {
    if (this.#state === 'new') void this.#open()
    else this.hop.settle()
    if (!this.#isEnding || this.#stream === undefined) return
    if (this.hop.out.heldBytes > 0 || this.#askers.areWaiting) return
    this.#isEnding = false
    this.#stream.end()
  }

  /** The client sends nothing more on any stream: the target hears of it when it has all, as it would directly. */
  end(): void {
    this.#isEnding = true
  }

  /** Whoever is told what it says takes no more for now, or takes it again. */
  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return
    this.#isHeld = isHeld
    if (isHeld) this.#stream?.pause()
    else this.#stream?.resume()
  }

  /** Takes no new streams; ends when those under way are over. */
  retire(): void {
    this.#retire()
    this.#endIfIdle()
  }

  /** Ends it in order. Nobody asks any more. */
  close(): void {
    this.#leave()
    this.#cancellation.cancel(new Error('nobody waits for it any more'))
    if (this.#stream === undefined) return
    this.hop.goaway(ERROR_CODE.NO_ERROR)
    this.hop.out.flush()
    letGo(this.#stream, this.#options.clock)
  }

  onOpen(): void {}

  onSettings(): void {
    this.#options.onSettings(this)
    this.#askers.heard()
  }

  onGoaway(lastStream: number): void {
    this.#retire()
    this.#askers.refused(lastStream)
    this.#endIfIdle()
  }

  onStreamClosed(stream: HopStream): void {
    this.#askers.over(stream)
    this.#endIfIdle()
  }

  onBroken(error: Error): void {
    // It is told why before it is left.
    this.hop.out.flush()
    this.#tellNoHttp2(true)
    this.#lose({ kind: 'gone', orderly: false, why: error.message })
  }

  onEnd(): void {
    this.#tellNoHttp2(false)
    this.#lose({ kind: 'gone', orderly: true, why: 'it closed the connection' })
  }

  onClose(reason: FlowReset | undefined): void {
    if (reason?.code !== 'lost') this.#tellNoHttp2(false)
    this.#lose({ kind: 'gone', orderly: reason === undefined, why: LOST })
  }

  onRead(): void {
    this.#options.onRead()
  }

  /** For a bridge: a stream was answered by nobody. */
  loseStream(id: number, how: Loss): void {
    this.#askers.lose(id, how)
  }

  #tellNoHttp2(sure: boolean): void {
    if (this.hop.hasSettings || this.#state !== 'open' || this.isBridged) return
    this.#isNoHttp2 = true
    this.#options.onNoHttp2(this, sure)
  }

  async #open(): Promise<void> {
    this.#state = 'opening'
    const { out } = this.hop
    const { choice } = this
    if (choice.to === 'laptop') {
      this.#unwatch = choice.watch({
        onAway: () => {
          this.#cancellation.cancel(new Error(AWAY))
          this.#askers.away()
          if (!this.#askers.haveStreams) this.#lose({ kind: 'gone', orderly: false, why: AWAY })
          this.#options.onRead()
        },
        onLeave: () => {
          this.retire()
          this.#options.onRead()
        },
      })
    }
    try {
      const stream = await this.#options.open(this, out.outbox.take(), this.#cancellation)
      if (this.#isOver) {
        stream.reset('cancel', 'nobody waits for it any more')
        return
      }
      this.#opened(stream)
    } catch (error) {
      this.#lose({ kind: 'not opened', error: error as Error })
      this.#options.onRead()
    }
  }

  #opened(stream: Stream): void {
    this.#state = 'open'
    this.#stream = stream
    this.hop.out.connect(stream)
    stream.bind(this.hop)
    if (!this.#isHeld) stream.resume()
    this.settle()
    this.#endIfIdle()
  }

  /** What goes first: written before any stream is opened. */
  begin(): void {
    if (!this.isBridged) this.hop.out.outbox.add(PREFACE, 0, PREFACE.length)
    this.hop.begin()
  }

  get #isOver(): boolean {
    return this.#state === 'over'
  }

  #retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    this.#options.onRetired(this)
  }

  #endIfIdle(): void {
    if (!this.#isRetired || this.#isOver || this.#state !== 'open') return
    if (!this.#askers.areNone) return
    this.close()
    this.#options.onOver(this, { kind: 'gone', orderly: true, why: 'it takes no more' })
  }

  #lose(how: Loss): void {
    if (this.#isOver) return
    const { waiting, asking } = this.#leave()
    if (this.#stream !== undefined) {
      if (how.kind === 'gone' && how.why !== LOST) letGo(this.#stream, this.#options.clock)
      else this.#stream.reset('cancel', 'it is of no use any more')
    }
    const loss: Loss = this.#isNoHttp2 ? { kind: 'no http2' } : how
    for (const asker of waiting) asker.lost(this, loss.kind === 'gone' ? { kind: 'unheard' } : loss)
    for (const asker of asking) asker.lost(this, loss)
    this.#options.onOver(this, loss)
  }

  /** @returns who asked here */
  #leave(): { waiting: Asker[]; asking: Asker[] } {
    this.#state = 'over'
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#retire()
    const askers = this.#askers.leave()
    this.hop.stop()
    return askers
  }
}
