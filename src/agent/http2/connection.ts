/** One client connection that speaks HTTP/2: each of its streams is led to where it belongs. */
import { Budget } from '../../lib/budget.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { HpackDecoder } from '../../lib/http2/hpack/decoder.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import type { FlowHandlers, FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { ClientSource } from '../http/client-source.ts'
import type { ConnectionOptions } from '../http/connection-options.ts'
import { letGo } from '../http/let-go.ts'
import { APP, socketStream } from '../http/upstream.ts'
import type { Choice } from '../routing.ts'
import { Advertised } from './advertised.ts'
import type { Loss } from './asker.ts'
import { BehindPreface } from './behind-preface.ts'
import { ClientWatch } from './client-watch.ts'
import { Exchanges } from './exchanges.ts'
import { Hop } from './hop.ts'
import { NOBODY } from './hop-frames.ts'
import type { HopStream } from './hop-stream.ts'
import type { HopUser } from './hop-user.ts'
import { Targets } from './targets.ts'
import { InTurns } from './turns.ts'
import type { Upgraded } from './upgraded.ts'
import type { UpstreamHop } from './upstream-hop.ts'

const TO_APP: Choice = { to: 'app' }
/** Streams of a client that may be open at once. */
const MAX_STREAMS = 1024
const WINDOWS = { stream: 256 * 1024, connection: 1024 * 1024 }
/** DATA that waits for a slow receiver though its sender was given room for more on the connection: of all connections, and of one. */
const HELD_LIMIT_BYTES = 64 * 1024 * 1024
const HELD = new Budget(HELD_LIMIT_BYTES)
const HELD_BYTES = 4 * 1024 * 1024

export class Http2Connection implements HopUser {
  readonly #options: ConnectionOptions
  readonly #client: Hop
  readonly #socket: Stream
  readonly #source: ClientSource
  readonly #held = new Budget(HELD_BYTES, HELD)
  readonly #targets: Targets
  readonly #exchanges: Exchanges
  readonly #advertised: Advertised
  readonly #watch: ClientWatch
  /** Nothing new is taken; when nothing is under way it ends. */
  #isEnding = false
  #clientEnded = false
  #isOver = false
  #isHeld = false
  /** It will, when this turn is over. */
  #goesOut = false

  constructor(options: ConnectionOptions) {
    const { client, clock, routing } = options
    this.#options = options
    this.#source = new ClientSource(client, routing)
    this.#client = new Hop({
      user: this,
      clock,
      isServer: true,
      windows: WINDOWS,
      held: this.#held,
      maxStreams: MAX_STREAMS,
    })
    this.#socket = new InTurns(socketStream(client))
    this.#targets = this.#makeTargets()
    this.#exchanges = this.#makeExchanges()
    this.#advertised = new Advertised(this.#client, MAX_STREAMS)
    this.#watch = this.#makeWatch()
  }

  #makeTargets(): Targets {
    const { clock, port, routing, connectApp, secure } = this.#options
    return new Targets({
      ...{ clock, port, routing, connectApp, secure, held: this.#held, maxStreams: MAX_STREAMS },
      from: () => this.#source.address,
      onOver: (hop, how) => this.#onHopOver(hop, how),
      onSettings: () => this.#advertised.update(this.#targets.hops),
      onRead: () => this.onRead(),
    })
  }

  #makeExchanges(): Exchanges {
    const { clock, port, routing, secure } = this.#options
    return new Exchanges({
      ...{ clock, port, routing, secure, source: this.#source, targets: this.#targets },
      onAppGone: (how, othersGoOn) => this.#onAppGone(how, othersGoOn),
      onOver: () => this.#endIfIdle(),
      onDecided: () => this.onRead(),
    })
  }

  #makeWatch(): ClientWatch {
    const { client, clock, routing } = this.#options
    const { counts } = routing
    return new ClientWatch({
      ...{ client, clock, hop: this.#client, held: HELD, heldLimitBytes: HELD_LIMIT_BYTES },
      onSlow: () => {
        counts.refused++
        this.#client.goaway(ERROR_CODE.ENHANCE_YOUR_CALM)
        this.#end()
      },
      onStuck: () => {
        counts.refused++
        this.#cut()
      },
      onUnread: () => {
        counts.unread++
        this.#cut()
      },
    })
  }

  /** Begins with octets that were read already, behind the preface. */
  start(first: Buffer): void {
    this.#client.begin()
    this.#client.out.connect(this.#socket)
    this.#read(this.#client, first)
  }

  /** Goes on with a connection of HTTP/1.1 whose app has taken an offer of HTTP/2. */
  startUpgraded({ request, settings, app, fromApp, fromClient }: Upgraded): void {
    this.#client.begin()
    const stream = this.#client.openUpgraded(settings, NOBODY)
    const block = new HpackDecoder().decode(request)
    const exchange = this.#exchanges.begin(stream, block, true)
    this.#client.out.connect(this.#socket)
    const hop = this.#targets.to(TO_APP)
    exchange.adopt(hop)
    hop.adopt(app, fromApp)
    const other = (): void => {
      this.#options.routing.counts.refused++
      this.#client.goaway(ERROR_CODE.PROTOCOL_ERROR, 'no preface')
      this.#end()
    }
    this.#read(new BehindPreface(this.#socket, this.#client, other), fromClient)
  }

  #read(reader: FlowHandlers, first: Buffer): void {
    this.#socket.bind(reader)
    reader.onData(first)
    if (this.#options.client.readableEnded) this.onEnd()
    this.#socket.resume()
  }

  onOpen(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    this.#exchanges.open(stream, block, endStream)
  }

  onGoaway(): void {
    // It opens no more streams and has promised nothing else: what is under way goes on.
    this.#isEnding = true
    this.#endIfIdle()
  }

  onSettings(): void {}

  onStreamClosed(stream: HopStream): void {
    this.#exchanges.closed(stream)
  }

  onBroken(): void {
    this.#options.routing.counts.refused++
    this.#end()
  }

  onEnd(): void {
    // Half-closed: answers under way still reach it, as they would directly.
    this.#isEnding = true
    this.#clientEnded = true
    for (const hop of this.#targets.hops) hop.end()
    this.#endIfIdle()
  }

  onClose(_reason: FlowReset | undefined): void {
    this.#leave()
  }

  /**
   * Something was read on any hop: what was made of it goes out. Of TLS each record is read by itself, and a write costs a record: what is made of all that can be
   * read now goes together.
   */
  onRead(): void {
    if (this.#options.secure === undefined) this.#goOut()
    else if (!this.#goesOut) {
      this.#goesOut = true
      setImmediate(() => {
        this.#goesOut = false
        this.#goOut()
      })
    }
  }

  #goOut(): void {
    if (this.#isOver) return
    const { out } = this.#client
    // What goes out on one side makes room on the other: all that waited goes before anything is written.
    out.pump()
    for (const hop of this.#targets.hops) hop.hop.out.pump()
    out.pump()
    for (const hop of this.#targets.hops) hop.settle()
    out.flush()
    this.#watch.written()
    // What waits for room waits for ever: nobody will give any.
    if (this.#clientEnded && out.heldBytes > 0 && !out.isFull) this.#cut()
    else this.#holdBack()
  }

  /** What is no DATA has no windows: whoever makes it is not read while too much of it waits. */
  #holdBack(): void {
    const { isCrowded } = this.#client.out
    let holds = isCrowded
    for (const hop of this.#targets.hops) {
      if (hop.hop.out.isCrowded) holds = true
      hop.hold(isCrowded)
    }
    if (holds === this.#isHeld) return
    this.#isHeld = holds
    if (holds) this.#socket.pause()
    else this.#socket.resume()
  }

  #onAppGone(how: Loss, othersGoOn: boolean): void {
    if (this.#isOver) return
    if (othersGoOn) {
      // The next connection of the client finds out for itself.
      if (how.kind === 'not opened') this.#goaway()
    } else if (how.kind === 'gone' && how.orderly) this.#end()
    else this.#cut()
  }

  #onHopOver(hop: UpstreamHop, how: Loss): void {
    this.#advertised.update(this.#targets.hops)
    if (hop.isApp && this.#targets.lastUsed === APP && how.kind === 'gone' && this.#exchanges.areNone) {
      // Between requests the client's connection ends as it would directly.
      if (this.#targets.hops.size === 0) this.#end()
    }
    this.#endIfIdle()
  }

  #goaway(): void {
    this.#isEnding = true
    if (!this.#client.saidGoaway) this.#client.goaway(ERROR_CODE.NO_ERROR)
    this.#endIfIdle()
  }

  #endIfIdle(): void {
    if (this.#isEnding && !this.#isOver && this.#exchanges.areNone) this.#end()
  }

  /** Ends in order: what was said reaches the client. */
  #end(): void {
    if (this.#isOver) return
    if (!this.#client.saidGoaway) this.#client.goaway(ERROR_CODE.NO_ERROR)
    this.#client.out.pump()
    this.#client.out.flush()
    this.#leave()
    letGo(this.#socket, this.#options.clock)
  }

  /** The client must see that what it has is not whole. */
  #cut(): void {
    this.#leave()
    this.#socket.reset('reset', 'the app is gone')
  }

  #leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#watch.end()
    this.#exchanges.abandon()
    this.#client.stop()
    this.#targets.close()
  }
}
