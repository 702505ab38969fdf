/** One request's answer, passed from an upstream to the client, and what the client still has to say meanwhile. */
import type { Socket } from 'node:net'
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { type Framing, responseFraming } from '../../lib/http1/framing.ts'
import { BadMessage, type ResponseHead, readResponseHead } from '../../lib/http1/head.ts'
import { MARK_NAME } from '../../lib/mark.ts'
import type { Written } from '../../lib/slab.ts'
import type { FlowReset } from '../../wire/mux/contract.ts'
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
  /** The upstream went before its answer was whole. `told`: the client got bytes of it; `orderly`: closed, not reset. */
  | { kind: 'lost'; told: boolean; orderly: boolean; why: string }

/** Whose exchange it is. */
export interface ExchangeUser {
  readonly client: Socket
  /** What was written to the client and is not gone yet. */
  readonly written: Written
  /** Called once. The exchange touches neither end any more. */
  exchanged(exchange: Exchange, outcome: Outcome): void
  /** There is room for more of the client's bytes. */
  wantsMore(): void
}

const AWAY = 'it has been away for 8 s'
const REUSE: Outcome = { kind: 'reuse' }
const CLOSE: Outcome = { kind: 'close' }
const NOTHING = Buffer.alloc(0)

export class Exchange implements UpstreamUser {
  readonly request: PassingRequest
  readonly upstream: Upstream
  /** It is the first that the upstream is asked. */
  readonly isFirst: boolean
  readonly #user: ExchangeUser
  /** Of the answer's head, until it is whole. */
  #headBytes: Buffer = NOTHING
  #response: BodyReader | undefined
  #keeps = false
  /** The answer ends with its connection. */
  #closeDelimited = false
  /** The answer cannot be read: it is passed on as it comes, and no other request after it. */
  #opaque = false
  /** After 101 or CONNECT: bytes pass both ways. */
  #tunnel = false
  #told = false
  #clientEnded = false
  #upstreamEnded = false
  #finished = false

  constructor(user: ExchangeUser, request: PassingRequest, upstream: Upstream) {
    this.#user = user
    this.request = request
    this.upstream = upstream
    this.isFirst = upstream.isFresh
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
    const taken = unread.take(this.#tunnel ? unread.length : request.take(unread.bytes))
    if (taken.length > 0 && !upstream.stream.send(taken)) this.#user.client.pause()
    if (this.#opaque && unread.length > 0) this.#finish(CLOSE)
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
    if (this.#told || this.#tunnel || !request.isWhole || this.#finished) return
    const { stream } = upstream
    this.#finish({ kind: 'lost', told: false, orderly: false, why: AWAY })
    stream.reset('cancel', AWAY)
  }

  /** Gives the exchange up without an outcome. */
  abort(why: string): void {
    this.#finished = true
    this.upstream.free()
    this.upstream.stream.reset('reset', why)
  }

  fromUpstream(bytes: Buffer): void {
    if (this.#tunnel || this.#opaque) {
      this.#toClient(bytes)
      return
    }
    try {
      if (this.#response === undefined) this.#readHead(bytes)
      else this.#readBody(this.#response, bytes, bytes, 0)
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      // The client may understand it: it is what it would get directly.
      this.#opaque = true
      this.#closeDelimited = true
      this.#toClient(this.#headBytes.length > 0 ? this.#takeHead() : bytes)
    }
  }

  upstreamDrained(): void {
    this.#user.wantsMore()
  }

  upstreamEnded(): void {
    this.#upstreamEnded = true
    if (this.#tunnel) this.#user.client.end()
    else if (this.#closeDelimited) this.#finish(CLOSE)
    else this.#finish({ kind: 'lost', told: this.#told, orderly: true, why: 'it closed the connection' })
  }

  upstreamClosed(reason: FlowReset | undefined): void {
    if (this.#tunnel && reason === undefined && this.#upstreamEnded) this.#finish(CLOSE)
    else this.#finish({ kind: 'lost', told: this.#told, orderly: false, why: 'the connection to it was lost' })
  }

  #readHead(bytes: Buffer): void {
    let all = this.#headBytes.length === 0 ? bytes : Buffer.concat([this.#headBytes, bytes])
    for (;;) {
      this.#headBytes = all
      const head = readResponseHead(all)
      if (head === undefined) return
      if (head.status >= 200 || head.status === 101) {
        this.#readFinal(head, all)
        return
      }
      this.#write(all.subarray(0, head.bytes))
      all = all.subarray(head.bytes)
    }
  }

  #readFinal(head: ResponseHead, all: Buffer): void {
    const { status } = head
    const { method } = this.request.head
    if (status === 101 || (method === 'CONNECT' && status < 300)) this.#beginTunnel(head)
    else if (this.#declines(head)) this.#finish({ kind: 'declined' })
    else {
      this.#begin(head, responseFraming(head, method))
      this.#readBody(this.#response as BodyReader, all.subarray(head.bytes), all, head.bytes)
      this.#headBytes = NOTHING
      this.#settle()
    }
  }

  #begin(head: ResponseHead, framing: Framing): void {
    const { request, upstream } = this
    this.#closeDelimited = framing.kind === 'close'
    this.#keeps = head.keepsAlive && request.head.keepsAlive && !this.#closeDelimited
    this.#response = new BodyReader(framing)
    // Whoever answers has taken the request.
    if (upstream.key !== APP) request.keepNoMore()
  }

  #beginTunnel(head: ResponseHead): void {
    const { request } = this
    this.#tunnel = true
    const all = this.#takeHead()
    request.keepNoMore()
    request.copyAnswer(all.subarray(0, head.bytes))
    request.endCopies(true)
    this.#toClient(all)
    this.#user.wantsMore()
  }

  /** Only a laptop can: what an app says to whomever is its own affair. */
  #declines({ fields }: ResponseHead): boolean {
    return this.upstream.key !== APP && fields.list(MARK_NAME).toLowerCase() === 'decline'
  }

  #takeHead(): Buffer {
    const bytes = this.#headBytes
    this.#headBytes = NOTHING
    return bytes
  }

  /**
   * @param body bytes of the answer's body, and perhaps what follows
   * @param all the same with the head before it, if both came in one
   * @param headBytes how much of `all` is that head
   */
  #readBody(response: BodyReader, body: Buffer, all: Buffer, headBytes: number): void {
    const taken = response.take(body)
    const own = taken === body.length ? all : all.subarray(0, headBytes + taken)
    this.request.copyAnswer(own)
    this.#toClient(own)
    // Bytes after the answer belong to no request.
    if (taken < body.length) this.#keeps = false
    this.#settle()
  }

  #toClient(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#told = true
    this.#write(bytes)
  }

  #write(bytes: Buffer): void {
    const { client, written } = this.#user
    written.add(bytes)
    if (!client.write(bytes)) this.upstream.stream.pause()
    written.settle()
  }

  /** Over when both bodies are, or when the answer is and the connection goes with it. */
  #settle(): void {
    if (this.#response?.done !== true || this.#opaque || this.#finished) return
    if (!this.#keeps || this.#clientEnded) this.#finish(CLOSE)
    else if (this.request.isWhole) this.#finish(REUSE)
  }

  #finish(outcome: Outcome): void {
    if (this.#finished) return
    this.#finished = true
    this.upstream.free()
    this.#user.exchanged(this, outcome)
  }
}
