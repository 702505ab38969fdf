/** One client connection that speaks HTTP/2: each of its streams is led to where it belongs. */
import type { Socket } from 'node:net'
import { Budget } from '../../lib/budget.ts'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { FilterNeeds } from '../../lib/filter/request.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { filterRequest } from '../../lib/http2/messages/filter-request.ts'
import { requestHead } from '../../lib/http2/messages/request-head.ts'
import { SETTING } from '../../lib/http2/settings.ts'
import type { FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { ClientSource } from '../http/client-source.ts'
import { letGo } from '../http/let-go.ts'
import { APP, socketStream } from '../http/upstream.ts'
import type { Choice, Routing, Secure } from '../routing.ts'
import { Exchange, type ExchangeUser } from './exchange.ts'
import { Hop } from './hop.ts'
import type { HopStream } from './hop-stream.ts'
import type { HopUser } from './hop-user.ts'
import { Http1Target } from './http1-target.ts'
import { JsonBody } from './json-body.ts'
import { CONTINUE, ownAnswer } from './own-answer.ts'
import { noteHttp1, speaksHttp1 } from './spoken.ts'
import { type Loss, UpstreamHop } from './upstream-hop.ts'

export interface Http2Options {
  client: Socket
  port: number
  routing: Routing
  clock: Clock
  /** The TLS in which the client speaks, ended here. */
  secure?: Secure | undefined
  /** Opens a connection to the app. */
  connectApp(signal: AbortSignal): Promise<Stream>
}

/** Streams of a client that may be open at once. */
const MAX_STREAMS = 1024
/** Header blocks of all its open streams: each is kept while its stream may be led elsewhere. */
const MAX_HEADS_BYTES = 16 * 1024 * 1024
const WINDOWS = { stream: 256 * 1024, connection: 1024 * 1024 }
/** DATA that waits for a slow receiver though its sender was given room for more on the connection: of all connections, and of one. */
const HELD_LIMIT_BYTES = 64 * 1024 * 1024
const HELD = new Budget(HELD_LIMIT_BYTES)
const HELD_BYTES = 4 * 1024 * 1024
/** Frames beside DATA that may wait for a receiver who takes nothing. */
const BACKLOG_BYTES = 1024 * 1024
/** A block that began must be whole by then, and the client's SETTINGS there. */
const CHECK_MS = 60_000

export class Http2Connection implements HopUser, ExchangeUser {
  readonly #options: Http2Options
  readonly #client: Hop
  readonly #socket: Stream
  readonly #source: ClientSource
  readonly #held = new Budget(HELD_BYTES, HELD)
  readonly #exchanges = new Map<HopStream, Exchange>()
  /** Those that take new streams, by their key; and all that are not over. */
  readonly #targets = new Map<string, UpstreamHop>()
  readonly #hops = new Set<UpstreamHop>()
  /** Targets that turned out to speak HTTP/1.1 only. */
  readonly #speakHttp1 = new Set<string>()
  readonly #timer: Timer
  #lastUsed = APP
  #blockAtCheck = 0
  /** Nothing new is taken; when nothing is under way it ends. */
  #isEnding = false
  #clientEnded = false
  #isOver = false
  #isHeld = false
  #headsBytes = 0
  #advertised = { streams: MAX_STREAMS, connectProtocol: false }
  #sentAtCheck = 0

  constructor(options: Http2Options) {
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
    this.#socket = socketStream(client)
    this.#timer = clock.every(CHECK_MS, () => this.#check())
  }

  /** Begins with octets that were read already, behind the preface. */
  start(first: Buffer): void {
    this.#client.begin()
    this.#client.out.connect(this.#socket)
    this.#socket.bind(this.#client)
    this.#client.onData(first)
    if (this.#options.client.readableEnded) this.onEnd()
    this.#socket.resume()
  }

  onOpen(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    if (block.tooLarge) {
      this.#options.routing.counts.refused++
      this.#answer(stream, 431, 'RC-E-320', 'The request is not passed on: its header fields are larger than 64 KiB.')
      return
    }
    if (this.#headsBytes + block.encoded.length > MAX_HEADS_BYTES) {
      this.#options.routing.counts.refused++
      throw new Http2Error(ERROR_CODE.REFUSED_STREAM, 'open streams have too many header fields', stream.id)
    }
    let exchange: Exchange
    try {
      exchange = new Exchange(this, stream, requestHead(block, stream.id), block.encoded, endStream)
    } catch (error) {
      this.#options.routing.counts.refused++
      throw error
    }
    stream.user = exchange
    this.#exchanges.set(stream, exchange)
    this.#headsBytes += exchange.headBytes
    const needs = this.#options.routing.needs(this.#options.port)
    if (needs.body || (needs.source && !this.#source.isKnown)) this.#learn(exchange, needs)
    else this.#decide(exchange, undefined)
  }

  onGoaway(): void {
    // It opens no more streams and has promised nothing else: what is under way goes on.
    this.#isEnding = true
    this.#endIfIdle()
  }

  onSettings(): void {}

  onStreamClosed(stream: HopStream): void {
    this.#exchanges.get(stream)?.onClosed(stream)
  }

  onBroken(): void {
    this.#options.routing.counts.refused++
    this.#end()
  }

  onEnd(): void {
    // Half-closed: answers under way still reach it, as they would directly.
    this.#isEnding = true
    this.#clientEnded = true
    for (const hop of this.#hops) hop.end()
    this.#endIfIdle()
  }

  onClose(_reason: FlowReset | undefined): void {
    this.#leave()
  }

  /** Something was read on any hop: what was made of it goes out. */
  onRead(): void {
    if (this.#isOver) return
    const { out } = this.#client
    // What goes out on one side makes room on the other: all that waited goes before anything is written.
    out.pump()
    for (const hop of this.#hops) hop.hop.out.pump()
    out.pump()
    for (const hop of this.#hops) hop.settle()
    out.flush()
    // What waits for room waits for ever: nobody will give any.
    if (this.#clientEnded && out.heldBytes > 0 && !out.isFull) this.#cut()
    else this.#holdBack()
  }

  /** What is no DATA has no windows: whoever makes it is not read while too much of it waits. */
  #holdBack(): void {
    const isCrowded = this.#client.out.backlogBytes > BACKLOG_BYTES
    let holds = isCrowded
    for (const hop of this.#hops) {
      if (hop.hop.out.backlogBytes > BACKLOG_BYTES) holds = true
      hop.hold(isCrowded)
    }
    if (holds === this.#isHeld) return
    this.#isHeld = holds
    if (holds) this.#socket.pause()
    else this.#socket.resume()
  }

  hopTo(choice: Choice): UpstreamHop {
    const key = choice.to === 'app' ? APP : choice.key
    this.#lastUsed = key
    const known = this.#targets.get(key)
    if (known !== undefined) return known
    const { clock, connectApp, secure } = this.#options
    const connect = async (to: Choice, first: Buffer, signal: AbortSignal): Promise<Stream> => {
      if (to.to === 'laptop') return to.open(first, this.#source.address, signal, secure)
      const stream = await connectApp(signal)
      stream.send(first)
      return stream
    }
    const { port, routing } = this.#options
    const isBridged = this.#speakHttp1.has(key) || speaksHttp1(routing, clock, port, key)
    const hop = new UpstreamHop({
      isBridged,
      onNoHttp2: (_hop, sure) => {
        this.#speakHttp1.add(key)
        if (sure) noteHttp1(routing, clock, port, key)
      },
      choice,
      clock,
      held: this.#held,
      maxStreams: MAX_STREAMS,
      open: async (opened, first, signal) => {
        if (!isBridged) return connect(opened.choice, first, signal)
        const target = new Http1Target({
          clock,
          held: this.#held,
          maxStreams: MAX_STREAMS,
          connect: (request, until) => {
            routing.counts.bridged++
            return connect(opened.choice, request, until)
          },
          onLost: (stream, how) => {
            opened.loseStream(stream, how)
            this.onRead()
          },
        })
        target.start()
        target.stream.send(first)
        return target.stream
      },
      onRetired: (retired) => {
        if (this.#targets.get(key) === retired) this.#targets.delete(key)
      },
      onOver: (over, how) => this.#onHopOver(over, how),
      onSettings: () => this.#advertise(),
      onRead: () => this.onRead(),
    })
    this.#targets.set(key, hop)
    this.#hops.add(hop)
    hop.begin()
    return hop
  }

  decideAgain(exchange: Exchange, without?: ReadonlySet<string>): Choice {
    const { routing, port, secure } = this.#options
    return routing.decide(port, filterRequest(exchange.head, this.#source, undefined, secure), without).choice
  }

  appGone(exchange: Exchange, how: Loss): void {
    if (this.#isOver) return
    const others = [...this.#exchanges.values()].some((other) => other !== exchange && other.outlivesApp)
    if (others) {
      exchange.fail(how.kind === 'not opened' ? ERROR_CODE.REFUSED_STREAM : ERROR_CODE.INTERNAL_ERROR)
      // The next connection of the client finds out for itself.
      if (how.kind === 'not opened') this.#goaway()
    } else if (how.kind === 'gone' && how.orderly) this.#end()
    else this.#cut()
  }

  onDeclined(): void {
    this.#options.routing.counts.declined++
  }

  onUnheard(): void {
    this.#options.routing.counts.unheard++
  }

  onRefused(): void {
    this.#options.routing.counts.refused++
  }

  onOver(exchange: Exchange): void {
    if (this.#exchanges.delete(exchange.down)) this.#headsBytes -= exchange.headBytes
    this.#endIfIdle()
  }

  #learn(exchange: Exchange, needs: FilterNeeds): void {
    const { clock } = this.#options
    const { head, down } = exchange
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const isRead =
      needs.body && !exchange.isWhole && JsonBody.isLookedInto(head.list('content-type'), head.contentLength)
    if (isRead) {
      const body = new JsonBody(clock, resolve)
      exchange.learn((piece, isLast) => body.take(piece, isLast))
      if (head.list('expect').toLowerCase() === '100-continue') down.block(CONTINUE, false)
    } else {
      exchange.learn(() => {})
      resolve(undefined)
    }
    const learned = needs.source ? this.#source.learn() : undefined
    void Promise.all([promise, learned]).then(([json]) => {
      if (this.#isOver) return
      this.#decide(exchange, json)
      this.onRead()
    })
  }

  #decide(exchange: Exchange, body: unknown): void {
    const { routing, port, secure } = this.#options
    const { choice, copiers } = routing.decide(port, filterRequest(exchange.head, this.#source, body, secure))
    const isSecure = secure !== undefined
    if (copiers.length > 0)
      exchange.copyTo(copiers.flatMap((copier) => copier.begin(this.#source.address, isSecure) ?? []))
    exchange.lead(choice)
  }

  #answer(stream: HopStream, status: number, code: string, text: string): void {
    const { block, body } = ownAnswer(status, code, text)
    stream.block(block, false)
    stream.hold(body, true)
    if (!stream.gotEnd) stream.resetBehind(ERROR_CODE.NO_ERROR)
  }

  #onHopOver(hop: UpstreamHop, how: Loss): void {
    this.#hops.delete(hop)
    this.#advertise()
    if (hop.isApp && this.#lastUsed === APP && how.kind === 'gone' && this.#exchanges.size === 0) {
      // Between requests the client's connection ends as it would directly.
      if (this.#hops.size === 0) this.#end()
    }
    this.#endIfIdle()
  }

  /** Each minute: a client that has begun something and does not end it. */
  #check(): void {
    const { openBlock, hasSettings } = this.#client
    if (!hasSettings || (openBlock > 0 && openBlock === this.#blockAtCheck)) {
      this.#options.routing.counts.refused++
      this.#client.goaway(ERROR_CODE.ENHANCE_YOUR_CALM)
      this.#end()
      return
    }
    this.#blockAtCheck = openBlock
    const { out } = this.#client
    const isStuck = (out.isFull || out.heldBytes > 0) && out.sentBytes === this.#sentAtCheck
    this.#sentAtCheck = out.sentBytes
    // One that is debugged may stop for long; memory is all that it costs.
    if (!isStuck || HELD.usedBytes * 2 < HELD_LIMIT_BYTES) return
    this.#options.routing.counts.refused++
    this.#cut()
  }

  /** Says the least of what the targets take. Streams beyond that wait here. */
  #advertise(): void {
    let streams = MAX_STREAMS
    let connectProtocol = this.#advertised.connectProtocol
    for (const { hop } of this.#hops) {
      streams = Math.min(streams, Math.max(1, hop.peer.maxConcurrentStreams))
      connectProtocol ||= hop.peer.connectProtocol
    }
    const advertised = this.#advertised
    if (streams !== advertised.streams) this.#client.say([SETTING.MAX_CONCURRENT_STREAMS, streams])
    if (connectProtocol !== advertised.connectProtocol) this.#client.say([SETTING.ENABLE_CONNECT_PROTOCOL, 1])
    this.#advertised = { streams, connectProtocol }
  }

  #goaway(): void {
    this.#isEnding = true
    if (!this.#client.saidGoaway) this.#client.goaway(ERROR_CODE.NO_ERROR)
    this.#endIfIdle()
  }

  #endIfIdle(): void {
    if (this.#isEnding && !this.#isOver && this.#exchanges.size === 0) this.#end()
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
    this.#timer.cancel()
    for (const exchange of [...this.#exchanges.values()]) exchange.abandon()
    this.#client.stop()
    for (const hop of [...this.#hops]) hop.close()
    this.#hops.clear()
    this.#targets.clear()
  }
}
