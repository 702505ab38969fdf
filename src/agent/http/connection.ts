/** One client connection that speaks HTTP/1: its requests one after the other, each to where it belongs. */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { FilterNeeds } from '../../lib/filter/request.ts'
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { withoutH2c } from '../../lib/http1/without-h2c.ts'
import { readDirectly, unsentBytes } from '../../lib/slab-socket.ts'
import { Written } from '../../lib/written.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { goOverToHttp2 } from '../http2/accept-http2.ts'
import { Http2Target } from '../http2/http2-target.ts'
import { noteSpoken, type Spoken, spokenBy } from '../http2/spoken.ts'
import { upgradeOffer } from '../http2/upgrade-offer.ts'
import type { Choice, Laptop } from '../routing.ts'
import { aftermath } from './aftermath.ts'
import { ownAnswer } from './answers.ts'
import { ClientSource } from './client-source.ts'
import { closeClient } from './close-client.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { Dispatcher, type DispatcherUser } from './dispatcher.ts'
import { Exchange, type ExchangeUser, type Outcome } from './exchange.ts'
import { Learning } from './learning.ts'
import { PassingRequest } from './passing-request.ts'
import { Unread } from './unread.ts'
import { UnreadAnswer } from './unread-answer.ts'
import { APP, type Upstream } from './upstream.ts'
import { Upstreams } from './upstreams.ts'

/** What of an answer of HTTP/2 may wait for the client; a laptop's path is long. */
const NEAR_BYTES = 256 * 1024
const FAR_BYTES = 2 * 1024 * 1024
/** A head that began must be whole by then. */
const HEAD_MS = 60_000
/** A client that asks on while so much of earlier answers waits for it is not listened to. */
const UNSENT_BYTES = 256 * 1024

export class HttpConnection implements ExchangeUser, DispatcherUser {
  readonly client: Socket
  readonly written: Written
  readonly clock: Clock
  readonly #options: ConnectionOptions
  readonly #source: ClientSource
  readonly #upstreams: Upstreams
  readonly #dispatcher: Dispatcher
  readonly #unread = new Unread()
  readonly #unreadAnswer: UnreadAnswer
  #lastUsed: Upstream | undefined
  /**
   * `reading` a head; `learning` what filters ask beside it; `opening` an upstream; `passing` an exchange; `closing`: nothing is
   * read any more, so that what follows can never be taken for a request.
   */
  #state: 'reading' | 'learning' | 'opening' | 'passing' | 'closing' = 'reading'
  #request: PassingRequest | undefined
  #learning: Learning | undefined
  #exchange: Exchange | undefined
  #clientEnded = false
  /** The next head waits until the client has read of its answers. */
  #isHeld = false
  #headTimer: Timer | undefined

  constructor(options: ConnectionOptions) {
    const { client, gone, clock, port, routing, secure, connectApp } = options
    this.#options = options
    this.client = client
    this.written = new Written(client)
    this.clock = clock
    this.#source = new ClientSource(client, routing)
    this.#unreadAnswer = new UnreadAnswer(client, clock, () => {
      routing.counts.unread++
      this.#abort('its client does not read')
      this.cut()
    })
    this.#upstreams = new Upstreams({
      clock,
      gone,
      connectApp,
      from: () => this.#source.address,
      secure,
      bridge: (choice) => this.#bridge(choice),
      onIdleEnd: (upstream) => this.#onIdleEnd(upstream),
      onAway: (upstream) => {
        if (upstream === this.#lastUsed) this.#exchange?.upstreamAway()
      },
    })
    this.#dispatcher = new Dispatcher({
      ...{ routing, port, source: this.#source, secure },
      ...{ upstreams: this.#upstreams, gone, user: this },
    })
    readDirectly(client, (bytes) => {
      this.#unread.add(bytes)
      this.#next()
    })
    client.on('end', () => this.#onClientEnd())
    client.on('drain', () => {
      this.written.settle()
      this.#exchange?.clientDrained()
      if (this.#isHeld) this.#goOn()
    })
    client.on('close', () => this.#onClientClose())
  }

  /** Begins with bytes that were read already, and a stream if there is one. */
  start(first: Buffer, upstream?: { choice: Choice; stream: Stream }): void {
    if (upstream !== undefined) this.#upstreams.adopt(upstream.choice, upstream.stream)
    this.#unread.add(first)
    this.#next()
    if (this.client.readableEnded) this.#onClientEnd()
    else if (this.#state === 'reading') this.client.resume()
  }

  /** Reads what can be read now. */
  #next(): void {
    try {
      if (this.#state === 'reading') this.#readHead()
      else if (this.#state === 'learning') this.#learning?.read(this.#unread)
      else if (this.#state === 'passing') this.#pass()
      else this.client.pause()
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#refuse(error)
    }
  }

  #readHead(): void {
    this.#isHeld = unsentBytes(this.client) > UNSENT_BYTES
    if (this.#isHeld) {
      this.client.pause()
      return
    }
    const head = this.#unread.request()
    if (head === undefined) {
      if (this.#unread.length === 0) return
      const late = (): void => this.#refuse(new BadMessage(408, 'the head of the request did not come'))
      this.#headTimer ??= this.#options.clock.after(HEAD_MS, late)
      return
    }
    this.#headTimer?.cancel()
    this.#headTimer = undefined
    const bytes = this.#unread.take(head.bytes)
    // HTTP/2 that began behind a request would be a tunnel of requests that nobody leads: where it can, that is who passes the offer on.
    const offer = this.#options.secure === undefined ? upgradeOffer(head, bytes) : undefined
    const request = new PassingRequest(head, withoutH2c(head, bytes), offer)
    this.#request = request
    const needs = this.#options.routing.needs(this.#options.port)
    if (needs.body || (needs.source && !this.#source.isKnown)) this.#learn(request, needs)
    else this.#dispatcher.decide(request, undefined)
  }

  #learn(request: PassingRequest, needs: FilterNeeds): void {
    this.#state = 'learning'
    const learning = new Learning({
      request,
      needs,
      source: this.#source,
      client: this.client,
      clock: this.#options.clock,
    })
    this.#learning = learning
    // The exchange before may have held it.
    this.client.resume()
    this.#next()
    if (this.#clientEnded) learning.end()
    void learning.over.then((body) => {
      this.#learning = undefined
      if (this.#state === 'learning') this.#dispatcher.decide(request, body)
    })
  }

  waits(): void {
    this.#state = 'opening'
    this.client.pause()
  }

  leads(request: PassingRequest, upstream: Upstream, pieces: readonly Buffer[]): void {
    this.#lastUsed = upstream
    this.#state = 'passing'
    this.#exchange = new Exchange(this, request, upstream)
    for (const piece of pieces) upstream.stream.send(piece)
    request.wasSent(upstream.key !== APP)
    upstream.watch()
    this.wantsMore()
  }

  #pass(): void {
    this.#exchange?.fromClient(this.#unread)
    if (this.#state !== 'passing') return
    // The next request waits for the end of this answer.
    if (this.#unread.length > 0) this.client.pause()
    else if (this.#clientEnded) this.#exchange?.clientEnded()
  }

  isHeldUp(): void {
    this.#unreadAnswer.watch()
  }

  wantsMore(): void {
    if (this.#state === 'passing' && (this.#unread.length > 0 || this.#clientEnded)) this.#next()
    if (this.#unread.length === 0) this.client.resume()
  }

  exchanged(exchange: Exchange, outcome: Outcome): void {
    const { request, upstream } = exchange
    const { counts } = this.#options.routing
    this.#exchange = undefined
    if (outcome.kind === 'declined') {
      counts.declined++
      this.#upstreams.forget(upstream)
      upstream.stream.reset('cancel', 'the request was declined')
    } else if (outcome.kind === 'speaks http2') this.#note(upstream.key, 'http2')
    else if (outcome.kind === 'lost' && !outcome.orderly) this.#upstreams.forget(upstream)
    if (outcome.kind === 'goes over') {
      this.#goOver(upstream, outcome)
      return
    }
    const next = aftermath(exchange, outcome)
    if (next.do === 'ask the app') this.#dispatcher.toApp(request)
    else if (next.do === 'ask again') {
      this.#upstreams.drop(upstream)
      this.#dispatcher.again(request)
    } else {
      request.keepNoMore()
      request.endCopies(outcome.kind === 'reuse' || outcome.kind === 'close')
      this.#request = undefined
      if (next.do === 'read on') this.#readOn(upstream)
      else if (next.do === 'close') this.#close()
      else if (next.do === 'cut') this.cut()
      else this.answer(next.status, next.code, next.text)
    }
  }

  /** The app has taken the client's offer: what follows is HTTP/2, and each request of it goes where it belongs. */
  #goOver(upstream: Upstream, { offer, rest }: Extract<Outcome, { kind: 'goes over' }>): void {
    const { client } = this.#options
    const fromClient = this.#unread.take(this.#unread.length)
    this.#upstreams.forget(upstream)
    this.#leave()
    readDirectly(client, undefined)
    client.removeAllListeners('data').removeAllListeners('end')
    goOverToHttp2({ ...offer, app: upstream.stream, fromApp: rest, fromClient }, this.#options)
  }

  /** For targets that were found to speak HTTP/2 only. */
  #bridge(choice: Choice): Http2Target | undefined {
    const { clock, port, routing, secure } = this.#options
    const key = choice.to === 'app' ? APP : choice.key
    if (spokenBy(routing, clock, port, key) !== 'http2') return undefined
    return new Http2Target({
      clock,
      scheme: secure === undefined ? 'http' : 'https',
      authority: `${this.client.localAddress}:${port}`,
      windowBytes: choice.to === 'app' ? NEAR_BYTES : FAR_BYTES,
      onRequest: () => routing.bridged(port, choice, 'http2'),
      onSpeaks: (http2) => this.#note(key, http2 ? 'http2' : 'http1'),
    })
  }

  refusedProtocol({ key }: Laptop): boolean {
    const { clock, port, routing } = this.#options
    const wasBridged = spokenBy(routing, clock, port, key) === 'http2'
    this.#note(key, wasBridged ? 'http1' : 'http2')
    return !wasBridged
  }

  #note(key: string, speaks: Spoken): void {
    const { clock, port, routing } = this.#options
    noteSpoken(routing, clock, port, key, speaks)
  }

  #readOn(upstream: Upstream): void {
    this.#state = 'reading'
    // It may have been held for a client that has not read its answer yet.
    upstream.stream.resume()
    if (upstream.isLeaving) this.#upstreams.drop(upstream)
    this.#goOn()
  }

  /** With what the client has sent meanwhile, or with what comes. */
  #goOn(): void {
    if (this.#unread.length > 0) this.#next()
    if (this.#state !== 'reading' || this.#isHeld) return
    if (this.#clientEnded) this.#close()
    else this.client.resume()
  }

  /**
   * Between requests: when the app answered last and closes, the client's connection ends as it would directly. Not while it is the agent that
   * keeps the next request from it: that one goes to a new connection.
   */
  #onIdleEnd(upstream: Upstream): void {
    // Of a laptop the client knows nothing: its next request may go to somebody else.
    const last = this.#lastUsed === undefined || this.#lastUsed === upstream
    if (upstream.key === APP && last && this.#state === 'reading' && !this.#isHeld) this.#close()
  }

  #onClientEnd(): void {
    this.#clientEnded = true
    if (this.#state === 'reading' && !this.#isHeld) this.#close()
    else if (this.#state === 'learning') this.#learning?.end()
    else if (this.#state === 'passing' && this.#unread.length === 0) this.#exchange?.clientEnded()
  }

  #onClientClose(): void {
    // A tunnel's client may have ended in order while the last of its bytes are on their way to the upstream.
    const orderly = this.client.readableEnded && this.client.writableFinished
    if (!orderly) this.#abort('the client is gone')
    this.#leave()
  }

  #refuse(error: BadMessage): void {
    this.#options.routing.counts.refused++
    const told = this.#exchange?.told === true
    this.#abort(error.message)
    if (told) this.cut()
    else this.answer(error.status, 'RC-E-320', `The request is not passed on: ${error.message}.`)
  }

  #abort(why: string): void {
    this.#exchange?.abort(why)
    if (this.#exchange !== undefined && this.#lastUsed !== undefined) this.#upstreams.forget(this.#lastUsed)
  }

  /** An answer of the agent itself is the last thing that this connection says. */
  answer(status: number, code: string, text: string): void {
    this.#close(ownAnswer(status, code, text))
  }

  #close(last?: Buffer): void {
    this.#leave()
    closeClient(this.client, this.#options.clock, last)
    this.#unreadAnswer.watch()
  }

  /** The client must see that what it has is not whole. */
  cut(): void {
    this.#leave()
    this.client.resetAndDestroy()
  }

  #leave(): void {
    this.#state = 'closing'
    this.#isHeld = false
    this.#unread.clear()
    this.#headTimer?.cancel()
    this.#unreadAnswer.end()
    this.#learning?.end()
    this.#request?.keepNoMore()
    this.#request?.endCopies(false)
    this.#request = undefined
    this.#exchange = undefined
    this.#upstreams.close()
  }
}
