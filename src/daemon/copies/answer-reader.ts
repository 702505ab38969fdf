/** Reads one answer from bytes as they come: where it ends, and what is in it where that is wanted. */

import type { Answer } from '../../lib/diff/answers.ts'
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { Fields } from '../../lib/http1/fields.ts'
import { type Framing, responseFraming } from '../../lib/http1/framing.ts'
import { BadMessage, MAX_HEAD_BYTES, type ResponseHead, readResponseHead } from '../../lib/http1/head.ts'
import { decodeBody } from './body.ts'

export class AnswerReader {
  readonly #method: string
  #early: Buffer = Buffer.alloc(0)
  #head: { head: ResponseHead; framing: Framing; body: BodyReader } | undefined
  readonly #pieces: Buffer[] | undefined
  #ended = false

  /** @param method that of the request @param keeps whether the body is wanted */
  constructor(method: string, keeps: boolean) {
    this.#method = method
    this.#pieces = keeps ? [] : undefined
  }

  /** The answer is whole. */
  get isDone(): boolean {
    const { framing, body } = this.#head ?? {}
    return body?.done === true || (this.#ended && framing?.kind === 'close')
  }

  /** Throws `BadMessage`. */
  take(bytes: Buffer): void {
    if (this.#head !== undefined) this.#takeBody(this.#head.body, bytes)
    else this.#takeHead(bytes)
  }

  /** The connection has ended, which ends an answer that says no length. */
  end(): void {
    this.#ended = true
  }

  /** The whole answer, decoded; undefined when it is not whole or was not wanted. */
  async answer(): Promise<Answer | undefined> {
    if (!this.isDone || this.#head === undefined || this.#pieces === undefined) return undefined
    const { head, body } = this.#head
    const { status, headers, fields } = head
    const decoded = await decodeBody(Buffer.concat(this.#pieces), fields.list('content-encoding'))
    // A program may say at the end what another one says at the beginning: gRPC does.
    return { status, headers: [...headers, ...trailersOf(body)], body: decoded }
  }

  readonly #keep = (piece: Buffer): void => void this.#pieces?.push(piece)

  #takeHead(bytes: Buffer): void {
    this.#early = this.#early.length === 0 ? bytes : Buffer.concat([this.#early, bytes])
    for (;;) {
      const head = readResponseHead(this.#early.subarray(0, MAX_HEAD_BYTES + 4))
      if (head === undefined) return
      const rest = this.#early.subarray(head.bytes)
      this.#early = rest
      // Before an answer there may be others that are only announcements; behind a switch of protocols there is none.
      if (head.status < 200 && head.status !== 101) continue
      const framing = responseFraming(head, this.#method)
      this.#head = { head, framing, body: new BodyReader(framing, this.#pieces !== undefined) }
      this.#early = Buffer.alloc(0)
      this.#takeBody(this.#head.body, rest)
      return
    }
  }

  #takeBody(body: BodyReader, bytes: Buffer): void {
    body.take(bytes, this.#pieces === undefined ? undefined : this.#keep)
  }
}

function trailersOf({ trailers }: BodyReader): [name: string, value: string][] {
  try {
    return trailers === undefined ? [] : (Fields.read(trailers, 0)?.all ?? [])
  } catch (error) {
    // More fields than a head may have.
    if (error instanceof BadMessage) return []
    throw error
  }
}
