/** One request's exchange with an upstream: its answer passed to the client, and what the client still has to say meanwhile. */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { ResponseHead } from '../../lib/http1/head.ts'
import { beginsAsHttp2 } from '../../lib/http2/preface.ts'
import { MARK_NAME } from '../../lib/mark.ts'
import { unsentBytes, writeDirectly } from '../../lib/slab-socket.ts'
import type { Written } from '../../lib/written.ts'
import type { FlowReset } from '../../wire/mux/contract.ts'
import type { UpgradeOffer } from '../http2/upgrade-offer.ts'
import { Answer, type AnswerUser } from './answer.ts'
import type { PassingRequest } from './passing-request.ts'
import type { Unread } from './unread.ts'
import { APP, type Upstream, type UpstreamUser } from './upstream.ts'

/** How an exchange ended. */
export type Outcome =
  /** In order; the upstream may take the next request. */
  | { kind: 'reuse' }
  /** In order; both connections end with it. */
  | { kind: 'close' }
  /** The laptop's program leaves this request to the app. */
  | { kind: 'declined' }
  /** The app goes over to HTTP/2; `rest`: what it has said since. */
  | { kind: 'goes over'; offer: UpgradeOffer; rest: Buffer }
  /** It answers in HTTP/2, and has understood nothing. */
  | { kind: 'speaks http2' }
  /**
   * The upstream went before its answer was whole. `told`: the client got bytes of it; `orderly`: closed, not reset; `unheard`: nobody has looked at the request.
   */
  | { kind: 'lost'; told: boolean; orderly: boolean; unheard?: boolean; why: string }

/** Whose exchange it is. */
export interface ExchangeUser {
  readonly client: Socket
  readonly clock: Clock
  /** What was written to the client and is not gone yet. */
  readonly written: Written
  /** Called once. The exchange touches neither end any more. */
  exchanged(exchange: Exchange, outcome: Outcome): void
  /** The client has not taken all that it was told. */
  isHeldUp(): void
  /** There is room for more of the client's bytes. */
  wantsMore(): void
}

const AWAY = 'it has been away for 8 s'
/** An answer whose end nobody can tell is taken as over when nothing of it came for so long, and its client has asked for something else. */
const QUIET_MS = 1000
const REUSE: Outcome = { kind: 'reuse' }
const CLOSE: Outcome = { kind: 'close' }

export class Exchange implements UpstreamUser, AnswerUser {
  readonly request: PassingRequest
  readonly upstream: Upstream
  /** It is the first that the upstream is asked. */
  readonly isFirst: boolean
  readonly #user: ExchangeUser
  readonly #answer: Answer
  #told = false
  #clientEnded = false
  #upstreamEnded = false
  #finished = false
  #quiet: Timer | undefined
  /** Time of the last bytes of an answer that cannot be read. */
  #heardMs: number | undefined

  constructor(user: ExchangeUser, request: PassingRequest, upstream: Upstream) {
    this.#user = user
    this.request = request
    this.upstream = upstream
    this.isFirst = upstream.isFresh
    this.#answer = new Answer(request.head.method, request.head.keepsAlive, this)
    upstream.use(this)
  }

  /** The client got bytes of an answer, interim ones (1xx) apart. */
  get told(): boolean {
    return this.#told
  }

  /**
   * Takes what belongs to this request. It is taken before the exchange can be over: what is unread then is read as the next request.
   * Throws `BadMessage`.
   */
  fromClient(unread: Unread): void {
    const { request, upstream } = this
    const taken = unread.take(this.#answer.isTunnel ? unread.length : request.take(unread.bytes))
    if (taken.length > 0 && !upstream.stream.send(taken)) this.#user.client.pause()
    if (this.#answer.isOpaque && unread.length > 0) this.#awaitQuiet()
    else this.#settle()
  }

  clientDrained(): void {
    this.upstream.stream.resume()
  }

  /** The client sends no more, and nothing of it is unread: the upstream hears of it as it would directly. */
  clientEnded(): void {
    if (this.#clientEnded) return
    this.#clientEnded = true
    this.upstream.stream.end()
  }

  /** The upstream is away: a request that is whole waits no longer for its answer to begin. What flows goes on when it is back. */
  upstreamAway(): void {
    const { request, upstream } = this
    if (this.#told || this.#answer.isTunnel || !request.isWhole || this.#finished) return
    const { stream } = upstream
    this.#finish({ kind: 'lost', told: false, orderly: false, why: AWAY })
    stream.reset('cancel', AWAY)
  }

  /** Gives the exchange up without an outcome. */
  abort(why: string): void {
    this.#end()
    this.upstream.stream.reset('reset', why)
  }

  fromUpstream(bytes: Buffer): void {
    this.#answer.take(bytes)
  }

  upstreamDrained(): void {
    this.#user.wantsMore()
  }

  upstreamEnded(): void {
    this.#upstreamEnded = true
    this.#answer.end()
    if (this.#answer.isTunnel) this.#user.client.end()
    else if (this.#answer.endsWithConnection) this.#finish(CLOSE)
    else this.#finish({ kind: 'lost', told: this.#told, orderly: true, why: 'it closed the connection' })
  }

  upstreamClosed(reason: FlowReset | undefined): void {
    if (this.#answer.isTunnel && reason === undefined && this.#upstreamEnded) this.#finish(CLOSE)
    else {
      const unheard = reason?.code === 'refused'
      this.#finish({ kind: 'lost', told: this.#told, orderly: false, unheard, why: 'the connection to it was lost' })
    }
  }

  interim(bytes: Buffer): void {
    this.#write(bytes)
  }

  begins(head: ResponseHead): boolean {
    const ofLaptop = this.upstream.key !== APP
    // Only a laptop can: what an app says to whomever is its own affair.
    if (ofLaptop && head.fields.list(MARK_NAME).toLowerCase() === 'decline') {
      this.#finish({ kind: 'declined' })
      return false
    }
    // Whoever answers has taken the request.
    this.request.keepNoMore()
    return true
  }

  piece(bytes: Buffer): void {
    this.request.copyAnswer(bytes)
    this.#toClient(bytes)
    this.#settle()
  }

  opens(bytes: Buffer, head: ResponseHead): void {
    const { request } = this
    request.keepNoMore()
    const { offer } = request
    if (offer !== undefined && head.status === 101 && head.fields.list('upgrade').toLowerCase() === 'h2c') {
      this.#toClient(bytes.subarray(0, head.bytes))
      this.#finish({ kind: 'goes over', offer, rest: bytes.subarray(head.bytes) })
      return
    }
    request.copyAnswer(bytes.subarray(0, head.bytes))
    request.endCopies(true)
    this.#toClient(bytes)
    this.#user.wantsMore()
  }

  unread(bytes: Buffer): void {
    const { isOpaque } = this.#answer
    if (isOpaque && this.isFirst && !this.#told && beginsAsHttp2(bytes)) {
      this.#finish({ kind: 'speaks http2' })
      return
    }
    this.#toClient(bytes)
    if (!isOpaque) return
    const isFirst = this.#heardMs === undefined
    this.#heardMs = this.#user.clock.now()
    // What the client said already may be the next request.
    if (isFirst) this.#user.wantsMore()
  }

  #toClient(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#told = true
    this.#write(bytes)
  }

  #write(bytes: Buffer): void {
    const { client, written } = this.#user
    written.add(bytes)
    if (!writeDirectly(client, bytes)) {
      this.upstream.stream.pause()
      this.#user.isHeldUp()
    }
    written.settle()
  }

  /** Over when both bodies are, or when the answer is and the connection goes with it. */
  #settle(): void {
    const answer = this.#answer
    if (!answer.isWhole || this.#finished) return
    if (!answer.keeps || this.#clientEnded) this.#finish(CLOSE)
    else if (this.request.isWhole) this.#finish(REUSE)
  }

  /** The next request is there, which nobody is asked behind this answer: the connection ends when that is over, as far as one can tell. */
  #awaitQuiet(): void {
    if (this.#quiet !== undefined || this.#finished) return
    const { clock, client } = this.#user
    const look = (): void => {
      // A client that reads slowly holds the answer up.
      if (unsentBytes(client) > 0) this.#heardMs = clock.now()
      const left = (this.#heardMs ?? 0) + QUIET_MS - clock.now()
      if (left <= 0) this.#finish(CLOSE)
      else this.#quiet = clock.after(left, look)
    }
    look()
  }

  #finish(outcome: Outcome): void {
    if (this.#finished) return
    this.#end()
    this.#user.exchanged(this, outcome)
  }

  #end(): void {
    this.#finished = true
    this.#quiet?.cancel()
    this.upstream.free()
  }
}
