/** Copies of a request and its answer for wiretaps: as messages of HTTP/1.1, which is what copies are made of. */
import { answerToHttp1 } from '../../lib/http2/bridge/answer-to-http1.ts'
import { chunkOf, lastChunk } from '../../lib/http2/bridge/chunks.ts'
import { requestToHttp1 } from '../../lib/http2/bridge/request-to-http1.ts'
import type { HeadFields } from '../../lib/http2/messages/head-fields.ts'
import type { RequestHead } from '../../lib/http2/messages/request-head.ts'
import type { ResponseHead } from '../../lib/http2/messages/response-head.ts'
import type { Copy } from '../routing.ts'

export class MessageCopies {
  readonly #copies: readonly Copy[]
  readonly #method: string
  readonly #isChunked: boolean
  #isAnswerChunked = false
  #isRequestWhole = false
  #isAnswerWhole = false

  /** @param isWhole the request has no body */
  constructor(copies: readonly Copy[], head: RequestHead, isWhole: boolean) {
    this.#copies = copies
    this.#method = head.method
    const { head: bytes, framing } = requestToHttp1(head, isWhole)
    this.#isChunked = framing === 'chunked'
    for (const copy of copies) copy.request(bytes)
    if (isWhole) this.requestEnd()
  }

  requestData(payload: Buffer): void {
    if (payload.length === 0) return
    for (const piece of this.#isChunked ? chunkOf(payload) : [payload]) {
      for (const copy of this.#copies) copy.request(piece)
    }
  }

  requestEnd(trailers?: HeadFields): void {
    if (this.#isRequestWhole) return
    this.#isRequestWhole = true
    for (const copy of this.#copies) {
      if (this.#isChunked) copy.request(lastChunk(trailers))
      copy.requestEnd()
    }
  }

  answer(head: ResponseHead, isWhole: boolean): void {
    const asked = { method: this.#method, minor: 1, keepsAlive: true, upgrade: undefined }
    const made = answerToHttp1(head, asked, isWhole)
    if (made === undefined) return
    this.#isAnswerChunked = made.framing === 'chunked'
    this.#toAnswer(made.head)
  }

  answerData(payload: Buffer): void {
    if (payload.length === 0) return
    for (const piece of this.#isAnswerChunked ? chunkOf(payload) : [payload]) this.#toAnswer(piece)
  }

  answerEnd(trailers?: HeadFields): void {
    this.#isAnswerWhole = true
    if (this.#isAnswerChunked) this.#toAnswer(lastChunk(trailers))
    for (const copy of this.#copies) if (copy.wantsAnswer) copy.answerEnd()
  }

  /** The exchange is over. */
  end(): void {
    if (this.#isRequestWhole && this.#isAnswerWhole) return
    for (const copy of this.#copies) copy.abort()
  }

  #toAnswer(bytes: Buffer): void {
    for (const copy of this.#copies) if (copy.wantsAnswer) copy.answer(bytes)
  }
}
