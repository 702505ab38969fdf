/** One stream of HTTP/2 that a target of HTTP/1.1 answers. */
import type { Clock } from '../../lib/clock.ts'
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { responseFraming } from '../../lib/http1/framing.ts'
import { type ResponseHead, readResponseHead } from '../../lib/http1/head.ts'
import { answerFromHttp1 } from '../../lib/http2/bridge/answer-from-http1.ts'
import { chunkOf, lastChunk } from '../../lib/http2/bridge/chunks.ts'
import { type Http1Request, requestToHttp1 } from '../../lib/http2/bridge/request-to-http1.ts'
import { trailersFromHttp1 } from '../../lib/http2/bridge/trailers-from-http1.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FLAG } from '../../lib/http2/frame.ts'
import { encodeBlock } from '../../lib/http2/hpack/encode.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import type { RequestHead } from '../../lib/http2/messages/request-head.ts'
import { trailers } from '../../lib/http2/messages/trailers.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { letGo } from '../http/let-go.ts'
import { type HopStream, payloadOf, type RoomGiver, type StreamUser } from './hop-stream.ts'

export interface Http1ExchangeOptions {
  stream: HopStream
  head: RequestHead
  /** The request has no body. */
  isWhole: boolean
  clock: Clock
  connect(first: Buffer): Promise<Stream>
  onLost(how: { kind: 'not opened'; error: Error } | { kind: 'broken'; why: string }): void
  /** Nothing comes of it any more. */
  onOver(): void
  /** Sends what was said on the stream. */
  settle(): void
}

/** Of an answer that nobody takes, so much waits here. */
const HELD_BYTES = 256 * 1024
const NOTHING = Buffer.alloc(0)

export class Http1Exchange implements StreamUser, RoomGiver {
  readonly #options: Http1ExchangeOptions
  readonly #request: Http1Request
  #target: Stream | undefined
  /** What is said before the connection is open. */
  #unsent: Buffer[] = []
  /** What was said to a tunnel before it is granted: a target that refuses would read it as its next request. */
  #early: Buffer[] = []
  /** Payload that the target has not taken. */
  #owed = 0
  #isFull = true
  #isRequestWhole: boolean
  #headBytes: Buffer = NOTHING
  #body: BodyReader | undefined
  #isTunnel = false
  #isCrowded = false
  #endsWithConnection = false
  #clientEnded = false
  #over = false

  constructor(options: Http1ExchangeOptions) {
    this.#options = options
    this.#isRequestWhole = options.isWhole
    this.#request = requestToHttp1(options.head, options.isWhole)
    options.stream.source = this
  }

  async open(): Promise<void> {
    const { connect, onLost, settle } = this.#options
    try {
      const target = await connect(this.#request.head)
      if (this.#over) {
        target.reset('cancel', 'nobody waits for it any more')
        return
      }
      this.#target = target
      target.bind({
        onData: (bytes) => this.#fromTarget(bytes),
        onEnd: () => this.#onTargetEnd(),
        onDrain: () => this.#onTargetDrain(),
        onClose: () => this.#onTargetClose(),
      })
      this.#isFull = false
      for (const bytes of this.#unsent) this.#isFull = !target.send(bytes) || this.#isFull
      this.#unsent = []
      if (this.#clientEnded) target.end()
      if (!this.#isFull) this.#onTargetDrain()
      if (!this.#isCrowded) target.resume()
    } catch (error) {
      if (this.#over) return
      this.#end()
      onLost({ kind: 'not opened', error: error as Error })
      settle()
    }
  }

  onBlock(stream: HopStream, block: FieldBlock): void {
    const fields = trailers(block, stream.id)
    this.#isRequestWhole = true
    if (this.#request.framing === 'chunked') this.#send(lastChunk(fields))
  }

  onData(_stream: HopStream, bytes: Buffer, at: number, length: number, flags: number): void {
    this.#fromStream(payloadOf(bytes, at, length, flags), (flags & FLAG.END_STREAM) !== 0)
  }

  /** The client sends nothing more; the target hears of it as it would directly. */
  endClient(): void {
    this.#clientEnded = true
    this.#target?.end()
  }

  /** Too much waits for whoever reads the answers of all streams, or no more. */
  crowd(isCrowded: boolean): void {
    this.#isCrowded = isCrowded
    if (isCrowded) this.#target?.pause()
    else this.wentOn()
  }

  onOther(): void {}

  onReset(): void {
    this.#end()
    this.#target?.reset('cancel', 'the request was given up')
  }

  #onTargetDrain(): void {
    this.#isFull = false
    const owed = this.#owed
    this.#owed = 0
    if (owed > 0) this.#options.stream.credit(owed)
    this.#options.settle()
  }

  #onTargetEnd(): void {
    if (this.#isTunnel) this.#options.stream.hold(NOTHING, true)
    else if (this.#endsWithConnection) this.#finish()
    else this.#lose('it closed the connection')
    this.#options.settle()
  }

  #onTargetClose(): void {
    if (this.#over) return
    this.#lose('the connection to it was lost')
    this.#options.settle()
  }

  prepay(): void {}

  wentOn(): void {
    if (!this.#isCrowded && this.#options.stream.heldBytes < HELD_BYTES) this.#target?.resume()
  }

  #fromStream(payload: Buffer, isLast: boolean): void {
    const { framing } = this.#request
    if (isLast) this.#isRequestWhole = true
    if (this.#over) {
      this.#options.stream.credit(payload.length)
      return
    }
    if (framing === 'tunnel' && !this.#isTunnel) {
      if (this.#body === undefined) this.#early.push(Buffer.from(payload))
      else this.#options.stream.credit(payload.length)
      return
    }
    // Before the connection is open the frame's bytes wait: they must not keep what they were read into.
    const own = this.#target === undefined ? Buffer.from(payload) : payload
    this.#owed += payload.length
    for (const piece of framing === 'chunked' ? chunkOf(own) : [own]) this.#send(piece)
    if (isLast && framing === 'chunked') this.#send(lastChunk())
    if (isLast && this.#isTunnel) this.#target?.end()
    if (!this.#isFull) this.#onTargetDrain()
  }

  #send(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#target === undefined) this.#unsent.push(bytes)
    else if (!this.#target.send(bytes)) this.#isFull = true
  }

  #fromTarget(bytes: Buffer): void {
    if (this.#over) return
    try {
      if (this.#isTunnel) this.#hold(bytes)
      else if (this.#body === undefined) this.#readHead(bytes)
      else this.#readBody(this.#body, bytes)
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#lose(error.message)
    }
    this.#options.settle()
  }

  #readHead(bytes: Buffer): void {
    const { stream, head: asked } = this.#options
    this.#headBytes = this.#headBytes.length === 0 ? bytes : Buffer.concat([this.#headBytes, bytes])
    for (;;) {
      const head = readResponseHead(this.#headBytes)
      if (head === undefined) return
      const rest = this.#headBytes.subarray(head.bytes)
      const block = encodeBlock(answerFromHttp1(head, asked.method, this.#request.upgrade))
      if (head.status >= 200 || head.status === 101) {
        this.#headBytes = NOTHING
        this.#begin(head, block, rest)
        return
      }
      stream.block(block, false)
      this.#headBytes = rest
    }
  }

  #begin(head: ResponseHead, block: Buffer, rest: Buffer): void {
    const { stream, head: asked } = this.#options
    if (head.status === 101 || (asked.method === 'CONNECT' && head.status < 300)) {
      this.#isTunnel = true
      stream.block(block, false)
      if (rest.length > 0) this.#hold(rest)
      for (const payload of this.#early.splice(0)) this.#fromStream(payload, false)
      if (this.#isRequestWhole) this.#target?.end()
      return
    }
    const framing = responseFraming(head, asked.method)
    const body = new BodyReader(framing, true)
    this.#body = body
    for (const payload of this.#early.splice(0)) stream.credit(payload.length)
    this.#endsWithConnection = framing.kind === 'close'
    stream.block(block, body.done)
    if (body.done) this.#leave()
    else if (rest.length > 0) this.#readBody(body, rest)
  }

  #readBody(body: BodyReader, bytes: Buffer): void {
    body.take(bytes, (piece) => this.#hold(piece))
    if (body.done) this.#finish(body.trailers)
  }

  #hold(bytes: Buffer): void {
    const { stream } = this.#options
    if (bytes.length > 0) stream.hold(Buffer.from(bytes), false)
    if (stream.heldBytes >= HELD_BYTES) this.#target?.pause()
  }

  /** The answer is whole. */
  #finish(section?: Buffer): void {
    const { stream } = this.#options
    const fields = section === undefined ? [] : trailersFromHttp1(section)
    if (fields.length > 0) stream.block(encodeBlock(fields), true)
    else stream.hold(NOTHING, true)
    this.#leave()
  }

  /** Nothing more is wanted of the target. */
  #leave(): void {
    if (this.#over) return
    this.#end()
    if (this.#target !== undefined) letGo(this.#target, this.#options.clock)
    // What is left of the request nobody reads (RFC 9113 §8.1).
    if (!this.#isRequestWhole) this.#options.stream.resetBehind(ERROR_CODE.NO_ERROR)
  }

  #lose(why: string): void {
    if (this.#over) return
    this.#end()
    this.#target?.reset('cancel', why)
    this.#options.onLost({ kind: 'broken', why })
  }

  #end(): void {
    this.#over = true
    this.#options.onOver()
  }
}
