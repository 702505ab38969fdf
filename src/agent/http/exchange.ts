/** One request and its answer, passed between a client's socket and an upstream stream. */
import type { Socket } from 'node:net'
import type { Stream } from '../../wire/session/contract.ts'
import { ownAnswer } from './answers.ts'
import { BodyReader, type Framing, responseFraming } from './framing.ts'
import { BadMessage, keepsAlive, MAX_HEAD_BYTES, type RequestHead, readResponseHead } from './head.ts'

export interface ExchangeOptions {
  client: Socket
  upstream: Stream
  head: RequestHead
  framing: Framing
}

export class Exchange {
  readonly #client: Socket
  readonly #upstream: Stream
  readonly #head: RequestHead
  readonly #request: BodyReader
  readonly #over: (reuse: boolean) => void
  /** Of the answer's head, until it is whole. */
  #headBytes: Buffer = Buffer.alloc(0)
  #response: BodyReader | undefined
  #keeps = false
  #closeDelimited = false
  /** After 101 or CONNECT: bytes pass both ways. */
  #tunnel = false
  #answered = false
  #finished = false

  /** @param over called once at the end; `reuse`: the upstream may take the next request */
  constructor({ client, upstream, head, framing }: ExchangeOptions, over: (reuse: boolean) => void) {
    this.#client = client
    this.#upstream = upstream
    this.#head = head
    this.#request = new BodyReader(framing)
    this.#over = over
  }

  /** @param head the request's head, unless it was sent already */
  start(head: Buffer | undefined): void {
    if (head !== undefined) this.#upstream.send(head)
    this.#upstream.bind({
      onData: (bytes) => this.#fromUpstream(bytes),
      onEnd: () => this.#upstreamEnded(),
      onDrain: () => this.#client.resume(),
      onClose: () => this.#upstreamLost(),
    })
    this.#upstream.resume()
  }

  /** @returns how many bytes belonged to this request. Throws `BadMessage`. */
  fromClient(bytes: Buffer): number {
    if (bytes.length === 0) return 0
    const taken = this.#tunnel ? bytes.length : this.#request.take(bytes)
    if (taken > 0 && !this.#upstream.send(bytes.subarray(0, taken))) this.#client.pause()
    if (this.#request.done) this.#settle()
    return taken
  }

  clientDrained(): void {
    this.#upstream.resume()
  }

  /** The client sends no more: a whole request is answered still; half of one never will be. */
  clientEnded(): void {
    if (this.#tunnel) this.#upstream.end()
    else if (!this.#request.done) this.clientGone()
  }

  clientGone(): void {
    if (this.#finished) return
    this.#finished = true
    this.#upstream.bind(IGNORE)
    this.#upstream.reset('reset', 'the client is gone')
  }

  #fromUpstream(bytes: Buffer): void {
    if (this.#tunnel) {
      this.#toClient(bytes)
      return
    }
    try {
      if (this.#response === undefined) this.#readHead(bytes)
      else this.#readBody(bytes)
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#fail(`the answer cannot be passed on: ${error.message}`)
    }
  }

  #readHead(bytes: Buffer): void {
    this.#headBytes = this.#headBytes.length === 0 ? bytes : Buffer.concat([this.#headBytes, bytes])
    if (this.#headBytes.length > 4 * MAX_HEAD_BYTES) throw new BadMessage(502, 'its head is too large')
    const head = readResponseHead(this.#headBytes)
    if (head === undefined) return
    const whole = this.#headBytes
    this.#headBytes = Buffer.alloc(0)
    const rest = whole.subarray(head.bytes)
    const { status } = head
    const { method } = this.#head
    this.#answered = true
    if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) {
      this.#tunnel = true
      this.#toClient(whole)
      this.#client.resume()
      return
    }
    this.#toClient(whole.subarray(0, head.bytes))
    if (status < 200) {
      if (rest.length > 0) this.#readHead(rest)
      return
    }
    const framing = responseFraming(head, method)
    this.#closeDelimited = framing.kind === 'close'
    this.#keeps = keepsAlive(head) && keepsAlive(this.#head) && !this.#closeDelimited
    this.#response = new BodyReader(framing)
    this.#readBody(rest)
  }

  #readBody(bytes: Buffer): void {
    const taken = this.#response?.take(bytes) ?? 0
    if (taken > 0) this.#toClient(bytes.subarray(0, taken))
    if (taken < bytes.length) this.#keeps = false
    this.#settle()
  }

  #toClient(bytes: Buffer): void {
    if (!this.#client.write(bytes)) this.#upstream.pause()
  }

  /** Both bodies are over, or the answer is and the connection goes with it. */
  #settle(): void {
    if (this.#finished || this.#response?.done !== true) return
    if (this.#keeps && !this.#request.done) return
    this.#finish(this.#keeps)
  }

  #finish(reuse: boolean): void {
    this.#finished = true
    if (!reuse) {
      this.#upstream.bind(IGNORE)
      this.#upstream.end()
      this.#upstream.resume()
      this.#client.end()
    }
    this.#over(reuse)
  }

  #upstreamEnded(): void {
    if (this.#finished) return
    if (this.#tunnel) {
      this.#client.end()
      return
    }
    if (this.#closeDelimited) this.#finish(false)
    else this.#fail('the other end closed the connection before its answer was complete')
  }

  #upstreamLost(): void {
    if (this.#finished) return
    if (this.#tunnel) {
      this.#finished = true
      this.#client.destroySoon()
      this.#over(false)
    } else this.#fail('the connection to it was lost')
  }

  /** A clean answer when nothing was answered yet; else the client must see that the answer is not whole. */
  #fail(why: string): void {
    this.#finished = true
    this.#upstream.bind(IGNORE)
    this.#upstream.reset('protocol', why)
    if (this.#answered) this.#client.resetAndDestroy()
    else this.#client.end(ownAnswer(503, 'RC-E-310', why))
    this.#over(false)
  }
}

const IGNORE = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }
