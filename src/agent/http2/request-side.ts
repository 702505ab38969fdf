/** What comes of one request: its head, its body as it passes, and what of it is kept since it may have to be sent again. */
import { FLAG } from '../../lib/http2/frame.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { ContentLength } from '../../lib/http2/messages/content-length.ts'
import type { HeadFields } from '../../lib/http2/messages/head-fields.ts'
import type { RequestHead } from '../../lib/http2/messages/request-head.ts'
import { trailers } from '../../lib/http2/messages/trailers.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import { type HopStream, payloadOf } from './hop-stream.ts'

const NOTHING = Buffer.alloc(0)
/** Methods of which twice means the same as once (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

export class RequestSide {
  readonly head: RequestHead
  readonly #down: HopStream
  readonly #kept: KeptBytes
  readonly #length: ContentLength
  /** What the body is given to before anybody is chosen. */
  #learner: ((piece: Buffer, isLast: boolean) => void) | undefined
  #keeps = true
  #isWhole: boolean
  #hasBody = false
  #trailers: Buffer | undefined
  #trailerFields: HeadFields | undefined

  constructor(down: HopStream, head: RequestHead, block: Buffer, endStream: boolean) {
    this.head = head
    this.#down = down
    this.#kept = new KeptBytes(block)
    this.#length = new ContentLength(head.contentLength)
    this.#isWhole = endStream
    if (endStream) this.#length.end(down.id)
  }

  /** All of it has come, its trailers too. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  get hasBody(): boolean {
    return this.#hasBody
  }

  /** Those of a whole one. */
  get trailerFields(): HeadFields | undefined {
    return this.#trailerFields
  }

  /** Pieces of the body that are kept. */
  get body(): readonly Buffer[] {
    return this.#kept.pieces?.slice(1) ?? []
  }

  /** All that came is kept. */
  get isKept(): boolean {
    return this.#kept.pieces !== undefined
  }

  /** Whether it may be sent once more though it may have been acted on. */
  get isRepeatable(): boolean {
    return !this.#hasBody && this.#isWhole && IDEMPOTENT.has(this.head.method)
  }

  /** The body goes there too, until `learnNoMore`. */
  learn(learner: (piece: Buffer, isLast: boolean) => void): void {
    this.#learner = learner
  }

  learnNoMore(): void {
    this.#learner = undefined
  }

  /** Sends what has come so far. */
  sendTo(up: HopStream): void {
    const [block = NOTHING, ...body] = this.#kept.pieces ?? []
    const endsAtOnce = this.#isWhole && body.length === 0 && this.#trailers === undefined
    up.block(block, endsAtOnce)
    for (const piece of body) up.hold(piece, false)
    if (!this.#isWhole || endsAtOnce) return
    if (this.#trailers === undefined) up.hold(NOTHING, true)
    else up.block(this.#trailers, true)
  }

  /**
   * A DATA frame of it.
   * @param up who gets it
   * @param mayDrop it need not be kept when it is too much
   * @returns its payload
   */
  data(bytes: Buffer, at: number, length: number, flags: number, up: HopStream | undefined, mayDrop: boolean): Buffer {
    const payload = payloadOf(bytes, at, length, flags)
    const isLast = (flags & FLAG.END_STREAM) !== 0
    this.#length.data(payload.length, this.#down.id)
    if (isLast) this.#length.end(this.#down.id)
    this.#hasBody = true
    if (isLast) this.#isWhole = true
    if (this.#keeps) {
      const piece = Buffer.from(payload)
      // What was not sent yet must be kept; it is bounded by the stream's window.
      if (piece.length > 0) this.#kept.add(piece, mayDrop)
      if (up === undefined) this.#down.prepay(piece.length)
      this.#learner?.(piece, isLast)
    }
    // What is kept is sent by who is asked then.
    if (up === undefined && !this.#keeps) this.#down.credit(payload.length)
    return payload
  }

  /** Its trailers, which are its end. */
  end(block: FieldBlock): HeadFields {
    const fields = trailers(block, this.#down.id)
    this.#trailerFields = fields
    this.#length.end(this.#down.id)
    this.#isWhole = true
    this.#hasBody = true
    if (this.#keeps) this.#trailers = block.encoded
    this.#learner?.(NOTHING, true)
    return fields
  }

  /** It will not be sent again. */
  keepNoMore(): void {
    this.#keeps = false
    this.#kept.release()
    this.#trailers = undefined
  }
}
