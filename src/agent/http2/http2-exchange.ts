/** One request of HTTP/1.1 that a target of HTTP/2 answers. */
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { requestFraming } from '../../lib/http1/framing.ts'
import type { RequestHead } from '../../lib/http1/head.ts'
import { type Asked, answerToHttp1, type Http1Answer } from '../../lib/http2/bridge/answer-to-http1.ts'
import { chunkOf, lastChunk } from '../../lib/http2/bridge/chunks.ts'
import { requestFromHttp1, type Target } from '../../lib/http2/bridge/request-from-http1.ts'
import { trailersFromHttp1 } from '../../lib/http2/bridge/trailers-from-http1.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FLAG } from '../../lib/http2/frame.ts'
import { encodeBlock } from '../../lib/http2/hpack/encode.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { ContentLength } from '../../lib/http2/messages/content-length.ts'
import type { HeadFields } from '../../lib/http2/messages/head-fields.ts'
import { responseHead } from '../../lib/http2/messages/response-head.ts'
import { trailers } from '../../lib/http2/messages/trailers.ts'
import type { Unread } from '../http/unread.ts'
import type { Hop } from './hop.ts'
import { type HopStream, payloadOf, type RoomGiver, type StreamUser } from './hop-stream.ts'

/** Whose exchange it is. */
export interface Http2ExchangeUser {
  readonly hop: Hop
  /** @returns false: the client takes no more for now */
  toClient(bytes: Buffer): boolean
  /** The answer's end is that of its connection. */
  endClient(): void
  /** Nothing more of the target is taken until the client has taken what it was told. */
  holdTarget(): void
  /** More of the request may be taken. */
  hasRoom(): void
  /** Request and answer may be whole. */
  onProgress(): void
  /** No whole answer comes. `unheard`: nobody has looked at the request. */
  onLost(why: string, unheard: boolean): void
}

/** Of a request that its target does not take, so much waits here. */
const HELD_BYTES = 256 * 1024
const NOTHING = Buffer.alloc(0)

export class Http2Exchange implements StreamUser, RoomGiver {
  readonly #user: Http2ExchangeUser
  readonly #asked: Asked
  /** As it stands in HTTP/2. */
  readonly #method: string
  readonly #body: BodyReader
  readonly #stream: HopStream
  #framing: Http1Answer['framing'] = 'none'
  #length = new ContentLength(undefined)
  #hasBegun = false
  #isAnswerWhole = false
  #isRequestWhole: boolean
  /** Payload that the client has not taken. */
  #owed = 0
  #over = false

  /** Throws `BadMessage` for what HTTP/2 cannot say. */
  constructor(user: Http2ExchangeUser, head: RequestHead, target: Target) {
    this.#user = user
    const { fields, upgrade } = requestFromHttp1(head, target)
    const { method, minor, keepsAlive } = head
    this.#asked = { method, minor, keepsAlive, upgrade }
    this.#method = upgrade === undefined ? method : 'CONNECT'
    this.#body = new BodyReader(requestFraming(head), true)
    this.#isRequestWhole = this.#body.done
    this.#stream = user.hop.open(1, this)
    this.#stream.source = this
    this.#stream.block(encodeBlock(fields), this.#body.done && this.#method !== 'CONNECT')
  }

  /** Both bodies are. */
  get isWhole(): boolean {
    return this.#isAnswerWhole && this.#isRequestWhole
  }

  /** So much waits for the target that no more should be taken. */
  get isFull(): boolean {
    return this.#stream.heldBytes >= HELD_BYTES
  }

  /** Takes what belongs to this request. Throws `BadMessage`. */
  fromClient(unread: Unread): void {
    if (this.#framing === 'tunnel') {
      this.#hold(unread.take(unread.length))
      return
    }
    if (this.#isRequestWhole) return
    unread.take(this.#body.take(unread.bytes, (piece) => this.#hold(piece)))
    if (!this.#body.done) return
    this.#isRequestWhole = true
    const { trailers: section } = this.#body
    const fields = section === undefined ? [] : trailersFromHttp1(section)
    if (fields.length > 0) this.#stream.block(encodeBlock(fields), true)
    else this.#stream.hold(NOTHING, true)
    this.#user.onProgress()
  }

  /** The client sends nothing more. What is whole is answered as usual. */
  clientEnded(): void {
    if (this.#framing === 'tunnel') this.#stream.hold(NOTHING, true)
    else if (!this.#isRequestWhole) this.#lose('its request broke off', false)
  }

  /** The client has taken what it was told. */
  clientDrained(): void {
    const owed = this.#owed
    this.#owed = 0
    if (owed > 0) this.#stream.credit(owed)
  }

  /** Nobody wants it any more. */
  giveUp(): void {
    this.#over = true
    this.#stream.reset(ERROR_CODE.CANCEL)
  }

  onBlock(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    if (this.#over) return
    if (this.#hasBegun) {
      if (!endStream) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'trailers that do not end the stream', stream.id)
      this.#endAnswer(trailers(block, stream.id))
      return
    }
    const head = responseHead(block, stream.id, this.#method)
    if (head.interim && endStream)
      throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'an interim answer that ends the stream', stream.id)
    const answer = answerToHttp1(head, this.#asked, endStream)
    if (!head.interim) {
      this.#hasBegun = true
      this.#framing = answer?.framing ?? 'none'
      this.#length = new ContentLength(head.contentLength)
    }
    // Heads have no windows, and of interim ones there is no end.
    if (answer !== undefined && !this.#user.toClient(answer.head) && head.interim) this.#user.holdTarget()
    if (endStream) this.#endAnswer()
    else if (this.#framing === 'tunnel') this.#user.hasRoom()
  }

  onData(stream: HopStream, bytes: Buffer, at: number, length: number, flags: number): void {
    const payload = payloadOf(bytes, at, length, flags)
    if (this.#over) {
      stream.credit(payload.length)
      return
    }
    if (!this.#hasBegun) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'DATA before an answer', stream.id)
    this.#length.data(payload.length, stream.id)
    // What it was read into is read into again.
    if (this.#toClient(Buffer.from(payload))) stream.credit(payload.length)
    else this.#owed += payload.length
    if (flags & FLAG.END_STREAM) this.#endAnswer()
  }

  onOther(): void {}

  onReset(_stream: HopStream, code: number, bySelf: boolean): void {
    // RFC 9113 §8.1: behind an answer that is whole the rest of its request is not wanted.
    if (this.#over || this.#isAnswerWhole) return
    const why = bySelf ? 'its answer breaks HTTP/2' : `it gave the request up with code ${code}`
    this.#lose(why, !bySelf && code === ERROR_CODE.REFUSED_STREAM && !this.#hasBegun)
  }

  prepay(): void {}

  wentOn(): void {
    if (!this.isFull) this.#user.hasRoom()
  }

  #hold(piece: Buffer): void {
    if (piece.length > 0) this.#stream.hold(Buffer.from(piece), false)
  }

  #toClient(payload: Buffer): boolean {
    if (this.#framing !== 'chunked') return payload.length === 0 || this.#user.toClient(payload)
    let goesOn = true
    for (const piece of chunkOf(payload)) goesOn = this.#user.toClient(piece)
    return goesOn
  }

  #endAnswer(fields?: HeadFields): void {
    this.#length.end(this.#stream.id)
    this.#isAnswerWhole = true
    if (this.#framing === 'chunked') this.#user.toClient(lastChunk(fields))
    else if (this.#framing === 'close' || this.#framing === 'tunnel') this.#user.endClient()
    this.#user.onProgress()
  }

  #lose(why: string, unheard: boolean): void {
    this.giveUp()
    this.#user.onLost(why, unheard)
  }
}
