/** What a client gets for one request: an answer as it comes, checked and copied, or the agent's own. */
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FLAG } from '../../lib/http2/frame.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { ContentLength } from '../../lib/http2/messages/content-length.ts'
import type { RequestHead } from '../../lib/http2/messages/request-head.ts'
import { type ResponseHead, responseHead } from '../../lib/http2/messages/response-head.ts'
import { trailers } from '../../lib/http2/messages/trailers.ts'
import { isGrpc } from './grpc-answer.ts'
import { type HopStream, payloadOf } from './hop-stream.ts'
import type { MessageCopies } from './message-copies.ts'
import { answerItself } from './own-answer.ts'

export class AnswerSide {
  readonly #down: HopStream
  readonly #asked: RequestHead
  #copies: MessageCopies | undefined
  /** Of an answer that has begun, unless it is the agent's own. */
  #length: ContentLength | undefined
  #hasBegun = false

  constructor(down: HopStream, asked: RequestHead) {
    this.#down = down
    this.#asked = asked
  }

  /** A final answer has begun: nobody else can give one. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  copyTo(copies: MessageCopies): void {
    this.#copies = copies
  }

  /**
   * A header block of who is asked. Interim answers and trailers go on. Throws `Http2Error` of his stream when it is malformed.
   * @returns the head of a final answer, which goes nowhere before `begin`
   */
  block(up: HopStream, block: FieldBlock, endStream: boolean): ResponseHead | undefined {
    if (this.#hasBegun) {
      if (!endStream) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'trailers that do not end the stream', up.id)
      const fields = trailers(block, up.id)
      this.#length?.end(up.id)
      this.#copies?.answerEnd(fields)
      this.#down.block(block.encoded, true)
      return undefined
    }
    const head = responseHead(block, up.id, this.#asked.method)
    if (!head.interim) return head
    if (endStream) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'an interim answer that ends the stream', up.id)
    this.#down.block(block.encoded, false)
    return undefined
  }

  /** It is this one, whose head `block` gave back. */
  begin(up: HopStream, head: ResponseHead, block: FieldBlock, endStream: boolean): void {
    this.#hasBegun = true
    this.#length = new ContentLength(head.contentLength)
    if (endStream) this.#length.end(up.id)
    this.#copies?.answer(head, endStream)
    if (endStream) this.#copies?.answerEnd()
    this.#down.block(block.encoded, endStream)
  }

  /** One DATA frame of it. Throws `Http2Error` of the stream when there is no answer, or not so much of it. */
  data(up: HopStream, bytes: Buffer, at: number, length: number, flags: number): void {
    const answer = this.#length
    if (answer === undefined) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'DATA before an answer', up.id)
    const payload = payloadOf(bytes, at, length, flags)
    answer.data(payload.length, up.id)
    this.#copies?.answerData(payload)
    if (flags & FLAG.END_STREAM) {
      answer.end(up.id)
      this.#copies?.answerEnd()
    }
    this.#down.pass(bytes, at, length, flags)
  }

  /** The agent's own answer. @param code of the catalogue */
  own(status: number, code: string, text: string): void {
    this.#hasBegun = true
    const isHead = this.#asked.method === 'HEAD'
    answerItself(this.#down, { status, code, text, isHead, isGrpc: isGrpc(this.#asked) })
  }
}
