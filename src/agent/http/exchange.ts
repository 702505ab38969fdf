/** One request and its answer, passed between a client's socket and an upstream stream. */
import type { Socket } from 'node:net'
import { BodyReader, type Framing, responseFraming } from '../../lib/http1/framing.ts'
import { BadMessage, keepsAlive, type RequestHead, readResponseHead } from '../../lib/http1/head.ts'
import type { FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'

/** How an exchange ended. */
export type Outcome =
  /** In order; the upstream may take the next request. */
  | { kind: 'reuse' }
  /** In order; both connections end with it. */
  | { kind: 'close' }
  /** The upstream went before its answer was whole. `told`: the client got bytes of it; `orderly`: closed, not reset. */
  | { kind: 'lost'; told: boolean; orderly: boolean; why: string }

export interface ExchangeOptions {
  client: Socket
  upstream: Stream
  head: RequestHead
  framing: Framing
  /** Called once. The exchange touches neither end any more. */
  over(outcome: Outcome): void
  /** There is room for more of the client's bytes. */
  wants(): void
}

const AWAY = 'it has been away for 8 s'

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #client: Socket
  readonly #upstream: Stream
  readonly #request: BodyReader
  /** Of the answer's head, until it is whole. */
  #headBytes: Buffer = Buffer.alloc(0)
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

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#client = options.client
    this.#upstream = options.upstream
    this.#request = new BodyReader(options.framing)
  }

  /** @param head the request's head, unless it was sent already */
  start(head: Buffer | undefined): void {
    if (head !== undefined) this.#upstream.send(head)
    this.#upstream.bind({
      onData: (bytes) => this.#fromUpstream(bytes),
      onEnd: () => this.#onUpstreamEnd(),
      onDrain: () => this.#options.wants(),
      onClose: (reason) => this.#onUpstreamClose(reason),
    })
    this.#upstream.resume()
  }

  /** The client got bytes of an answer. */
  get told(): boolean {
    return this.#told
  }

  /** @returns how many of the bytes belonged to this request. Throws `BadMessage`. */
  fromClient(bytes: Buffer): number {
    const taken = this.#tunnel ? bytes.length : this.#request.take(bytes)
    if (taken > 0 && !this.#upstream.send(bytes.subarray(0, taken))) this.#client.pause()
    if (this.#opaque && taken < bytes.length) this.#finish({ kind: 'close' })
    else this.#settle()
    return taken
  }

  clientDrained(): void {
    this.#upstream.resume()
  }

  /** The client sends no more, and nothing of it is unread: the upstream hears of it as it would directly. */
  clientEnded(): void {
    if (this.#clientEnded) return
    this.#clientEnded = true
    this.#upstream.end()
  }

  /** The upstream is away: a request that is whole waits no longer for its answer to begin. What flows goes on when it is back. */
  upstreamAway(): void {
    if (this.#told || this.#tunnel || !this.#request.done || this.#finished) return
    this.#upstream.bind(IGNORE)
    this.#upstream.reset('cancel', AWAY)
    this.#finish({ kind: 'lost', told: false, orderly: false, why: AWAY })
  }

  /** Gives the exchange up without an outcome. */
  abort(why: string): void {
    this.#finished = true
    this.#upstream.bind(IGNORE)
    this.#upstream.reset('reset', why)
  }

  #fromUpstream(bytes: Buffer): void {
    if (this.#tunnel || this.#opaque) {
      this.#toClient(bytes)
      return
    }
    try {
      if (this.#response === undefined) this.#readHead(bytes)
      else this.#readBody(this.#response, bytes)
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      // The client may understand it: it is what it would get directly.
      this.#opaque = true
      this.#closeDelimited = true
      this.#toClient(this.#response === undefined ? this.#headBytes : bytes)
    }
  }

  #readHead(bytes: Buffer): void {
    this.#headBytes = this.#headBytes.length === 0 ? bytes : Buffer.concat([this.#headBytes, bytes])
    const head = readResponseHead(this.#headBytes)
    if (head === undefined) return
    const { status } = head
    const { method } = this.#options.head
    if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) {
      this.#tunnel = true
      this.#toClient(this.#takeHead())
      this.#options.wants()
      return
    }
    if (status < 200) {
      const whole = this.#takeHead()
      this.#toClient(whole.subarray(0, head.bytes))
      if (whole.length > head.bytes) this.#readHead(whole.subarray(head.bytes))
      return
    }
    const framing = responseFraming(head, method)
    const whole = this.#takeHead()
    this.#closeDelimited = framing.kind === 'close'
    this.#keeps = keepsAlive(head) && keepsAlive(this.#options.head) && !this.#closeDelimited
    this.#response = new BodyReader(framing)
    const rest = whole.subarray(head.bytes)
    if (rest.length === 0) this.#toClient(whole)
    else this.#readBody(this.#response, rest, whole)
    this.#settle()
  }

  #takeHead(): Buffer {
    const bytes = this.#headBytes
    this.#headBytes = Buffer.alloc(0)
    return bytes
  }

  /** @param all the head and the body's first bytes, if both came in one */
  #readBody(response: BodyReader, bytes: Buffer, all = bytes): void {
    const taken = response.take(bytes)
    const extra = bytes.length - taken
    this.#toClient(all.subarray(0, all.length - extra))
    // Bytes after the answer belong to no request.
    if (extra > 0) this.#keeps = false
    this.#settle()
  }

  #toClient(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#told = true
    if (!this.#client.write(bytes)) this.#upstream.pause()
  }

  /** Over when both bodies are, or when the answer is and the connection goes with it. */
  #settle(): void {
    if (this.#response?.done !== true || this.#opaque) return
    if (!this.#keeps || this.#clientEnded) this.#finish({ kind: 'close' })
    else if (this.#request.done) this.#finish({ kind: 'reuse' })
  }

  #finish(outcome: Outcome): void {
    if (this.#finished) return
    this.#finished = true
    this.#upstream.bind(IGNORE)
    this.#options.over(outcome)
  }

  #onUpstreamEnd(): void {
    this.#upstreamEnded = true
    if (this.#tunnel) this.#client.end()
    else if (this.#closeDelimited) this.#finish({ kind: 'close' })
    else this.#finish({ kind: 'lost', told: this.#told, orderly: true, why: 'it closed the connection' })
  }

  #onUpstreamClose(reason: FlowReset | undefined): void {
    if (this.#tunnel && reason === undefined && this.#upstreamEnded) this.#finish({ kind: 'close' })
    else this.#finish({ kind: 'lost', told: this.#told, orderly: false, why: 'the connection to it was lost' })
  }
}

const IGNORE = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }
