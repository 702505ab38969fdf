/** One request and its answer: a stream of the client, and one of whom it is led to. */
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FLAG } from '../../lib/http2/frame.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { ContentLength } from '../../lib/http2/messages/content-length.ts'
import type { HeadFields } from '../../lib/http2/messages/head-fields.ts'
import type { RequestHead } from '../../lib/http2/messages/request-head.ts'
import { type ResponseHead, responseHead } from '../../lib/http2/messages/response-head.ts'
import { trailers } from '../../lib/http2/messages/trailers.ts'
import { MARK_NAME } from '../../lib/mark.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import type { Choice, Copy } from '../routing.ts'
import { type HopStream, payloadOf, type StreamUser } from './hop-stream.ts'
import { MessageCopies } from './message-copies.ts'
import { ownAnswer } from './own-answer.ts'
import type { Asker, Loss, UpstreamHop } from './upstream-hop.ts'

/** Whose exchange it is. */
export interface ExchangeUser {
  /** The hop to whom it goes. */
  hopTo(choice: Choice): UpstreamHop
  /** Who else takes it, `without` those who have just said that they take none. */
  decideAgain(exchange: Exchange, without?: ReadonlySet<string>): Choice
  /** The app has gone; the client may have to see it. */
  appGone(exchange: Exchange, how: Loss): void
  onDeclined(): void
  onUnheard(): void
  onRefused(): void
  /** Called once. */
  onOver(exchange: Exchange): void
}

/** A program that takes nothing is asked no more often for one request. */
const MAX_TRIES = 3
const NOTHING = Buffer.alloc(0)
const TO_APP: Choice = { to: 'app' }
/** Methods of which twice means the same as once (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

export class Exchange implements StreamUser, Asker {
  readonly head: RequestHead
  readonly down: HopStream
  readonly #user: ExchangeUser
  readonly #kept: KeptBytes
  readonly #requestLength: ContentLength
  #answerLength: ContentLength | undefined
  /** What the request's body is given to before anybody is chosen. */
  #learner: ((piece: Buffer, isLast: boolean) => void) | undefined
  #keeps = true
  /** The request is whole, and its trailers. */
  #isWhole: boolean
  #hasBody = false
  /** Of its header block. */
  readonly headBytes: number
  #trailers: Buffer | undefined
  #trailerFields: HeadFields | undefined
  #copies: MessageCopies | undefined
  #choice: Choice = TO_APP
  #without: ReadonlySet<string> | undefined
  #to: UpstreamHop | undefined
  #up: HopStream | undefined
  #tries = 0
  /** A final answer has begun. */
  #told = false
  #over = false

  constructor(user: ExchangeUser, down: HopStream, head: RequestHead, block: Buffer, endStream: boolean) {
    this.#user = user
    this.down = down
    this.head = head
    this.#kept = new KeptBytes(block)
    this.headBytes = block.length
    this.#requestLength = new ContentLength(head.contentLength)
    this.#isWhole = endStream
    if (endStream) this.#requestLength.end(down.id)
  }

  get isWhole(): boolean {
    return this.#isWhole
  }

  get needsConnectProtocol(): boolean {
    return this.head.protocol !== undefined
  }

  /** It goes on when the app has gone: it is somebody else's, or answered. */
  get outlivesApp(): boolean {
    return !this.#over && (this.#to?.isApp === false || this.#up?.gotEnd === true)
  }

  /** The body goes there too, until it is led on. */
  learn(learner: (piece: Buffer, isLast: boolean) => void): void {
    this.#learner = learner
  }

  /** From now on these get what has come of the request, what follows, and the answer if they want it. */
  copyTo(copies: readonly Copy[]): void {
    if (copies.length === 0 || this.head.connects) return
    const [, ...body] = this.#kept.pieces ?? []
    const made = new MessageCopies(copies, this.head, this.#isWhole && !this.#hasBody)
    this.#copies = made
    for (const piece of body) made.requestData(piece)
    if (this.#isWhole) made.requestEnd(this.#trailerFields)
  }

  /** Leads it to who takes it. */
  lead(choice: Choice, without?: ReadonlySet<string>): void {
    if (this.#over) return
    this.#learner = undefined
    this.#choice = choice
    this.#without = without
    this.#up = undefined
    this.#to = this.#user.hopTo(choice)
    this.#to.ask(this)
  }

  begin(to: UpstreamHop): void {
    const up = to.stream(this.down.id, this)
    this.#up = up
    up.source = this.down
    this.down.source = up
    const [block = NOTHING, ...body] = this.#kept.pieces ?? []
    const endsAtOnce = this.#isWhole && body.length === 0 && this.#trailers === undefined
    up.block(block, endsAtOnce)
    for (const piece of body) up.hold(piece, false)
    if (this.#isWhole && !endsAtOnce) {
      if (this.#trailers === undefined) up.hold(NOTHING, true)
      else up.block(this.#trailers, true)
    }
    if (to.hop.hasSettings) this.heard(to)
  }

  heard(_by: UpstreamHop): void {
    // What a laptop is asked may come back until it answers.
    if (this.#choice.to === 'app') this.#keepNoMore()
  }

  lost(from: UpstreamHop, how: Loss): void {
    if (this.#over) return
    const wasFresh = from.isFresh
    this.#up = undefined
    this.#to = undefined
    if (how.kind === 'not opened') this.#notOpened(how)
    else if (how.kind === 'unheard') this.#again()
    else if (how.kind === 'unable') {
      const text = 'The program that takes this request knows no CONNECT for other protocols (RFC 8441).'
      this.#answer(501, 'RC-E-320', text)
    } else if (from.isApp && how.kind === 'gone') this.#user.appGone(this, how)
    else if (from.isApp) this.fail(ERROR_CODE.INTERNAL_ERROR)
    else if (this.#told) this.fail(ERROR_CODE.INTERNAL_ERROR)
    else if (!wasFresh && this.#isRepeatable) this.#again()
    else this.#answer(503, 'RC-E-310', `The program on the laptop did not answer: ${how.why}.`)
  }

  away(): void {
    if (this.#told || this.#over || !this.#isWhole) return
    this.#giveUp()
    this.#answer(503, 'RC-E-310', 'The program on the laptop did not answer: it has been away for 8 s.')
  }

  /** Ends it for the client, who has no whole answer. */
  fail(code: number): void {
    if (this.#over) return
    this.#finish()
    this.#giveUp(ERROR_CODE.CANCEL)
    this.down.reset(code)
  }

  /** The client is gone. */
  abandon(): void {
    if (this.#over) return
    this.#finish()
    this.#giveUp(ERROR_CODE.CANCEL)
  }

  onBlock(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    if (stream === this.down) this.#requestTrailers(block, endStream)
    else if (stream === this.#up) this.#answerBlock(stream, block, endStream)
  }

  onData(stream: HopStream, bytes: Buffer, at: number, length: number, flags: number): void {
    if (stream === this.down) this.#requestData(bytes, at, length, flags)
    else if (stream === this.#up) this.#answerData(stream, bytes, at, length, flags)
  }

  onOther(stream: HopStream, bytes: Buffer, at: number, length: number): void {
    const to = stream === this.down ? this.#up : this.down
    to?.passOther(bytes, at, length)
  }

  onReset(stream: HopStream, code: number, bySelf: boolean): void {
    if (stream === this.down) {
      if (bySelf) this.#user.onRefused()
      this.#finish()
      this.#giveUp(bySelf ? ERROR_CODE.CANCEL : code)
    } else if (stream === this.#up) {
      this.#up = undefined
      this.#finish()
      // RFC 9113 §8.1: an answer that is whole before its request is followed by this.
      if (code === ERROR_CODE.NO_ERROR && this.#told && stream.gotEnd) this.down.resetBehind(ERROR_CODE.NO_ERROR)
      else this.down.reset(bySelf ? ERROR_CODE.INTERNAL_ERROR : code)
    }
  }

  onClosed(stream: HopStream): void {
    if (stream === this.down) this.#finish()
  }

  #requestData(bytes: Buffer, at: number, length: number, flags: number): void {
    const payload = payloadOf(bytes, at, length, flags)
    const isLast = (flags & FLAG.END_STREAM) !== 0
    this.#requestLength.data(payload.length, this.down.id)
    if (isLast) this.#requestLength.end(this.down.id)
    this.#hasBody = true
    if (isLast) this.#isWhole = true
    this.#copies?.requestData(payload)
    if (isLast) this.#copies?.requestEnd()
    const up = this.#up
    if (this.#keeps) {
      const piece = Buffer.from(payload)
      // What was not sent yet must be kept; it is bounded by the stream's window.
      if (piece.length > 0) this.#kept.add(piece, up !== undefined && this.#to?.hop.hasSettings === true)
      if (up === undefined) this.down.prepay(piece.length)
      this.#learner?.(piece, isLast)
    }
    // What is kept is sent by who is asked then.
    if (up !== undefined) up.pass(bytes, at, length, flags)
    else if (!this.#keeps) this.down.credit(payload.length)
  }

  #requestTrailers(block: FieldBlock, endStream: boolean): void {
    if (!endStream) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'trailers that do not end the stream', this.down.id)
    this.#trailerFields = trailers(block, this.down.id)
    this.#copies?.requestEnd(this.#trailerFields)
    this.#requestLength.end(this.down.id)
    this.#isWhole = true
    this.#hasBody = true
    if (this.#keeps) this.#trailers = block.encoded
    this.#learner?.(NOTHING, true)
    this.#up?.block(block.encoded, true)
  }

  #answerBlock(up: HopStream, block: FieldBlock, endStream: boolean): void {
    if (this.#told) {
      if (!endStream) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'trailers that do not end the stream', up.id)
      const fields = trailers(block, up.id)
      this.#answerLength?.end(up.id)
      this.#copies?.answerEnd(fields)
      this.down.block(block.encoded, true)
      return
    }
    const head = responseHead(block, up.id, this.head.method)
    if (head.interim) {
      if (endStream) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'an interim answer that ends the stream', up.id)
      this.down.block(block.encoded, false)
      return
    }
    if (this.#declines(head)) {
      this.#declined()
      return
    }
    this.#told = true
    if (this.#to !== undefined) this.#to.isFresh = false
    this.#keepNoMore()
    this.#answerLength = new ContentLength(head.contentLength)
    if (endStream) this.#answerLength.end(up.id)
    this.#copies?.answer(head, endStream)
    if (endStream) this.#copies?.answerEnd()
    this.down.block(block.encoded, endStream)
  }

  #answerData(up: HopStream, bytes: Buffer, at: number, length: number, flags: number): void {
    const answer = this.#answerLength
    if (answer === undefined) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'DATA before an answer', up.id)
    const payload = payloadOf(bytes, at, length, flags)
    answer.data(payload.length, up.id)
    this.#copies?.answerData(payload)
    if (flags & FLAG.END_STREAM) {
      answer.end(up.id)
      this.#copies?.answerEnd()
    }
    this.down.pass(bytes, at, length, flags)
  }

  /** Only a laptop can: what an app says to whomever is its own affair. */
  #declines(head: ResponseHead): boolean {
    return this.#choice.to === 'laptop' && head.list(MARK_NAME).toLowerCase() === 'decline'
  }

  #declined(): void {
    this.#user.onDeclined()
    this.#giveUp(ERROR_CODE.CANCEL)
    if (this.#kept.pieces !== undefined) {
      this.lead(TO_APP)
      return
    }
    const text = 'The program on the laptop declined this request, whose body is too large to be sent once more.'
    this.#answer(502, 'RC-E-312', text)
  }

  #notOpened({ error }: { error: Error }): void {
    const choice = this.#choice
    if (choice.to === 'app') this.#user.appGone(this, { kind: 'not opened', error })
    else if (!(error instanceof StreamRefused))
      this.#answer(503, 'RC-E-310', `The laptop that takes this request is not reachable: ${error.message}.`)
    else if (error.code === 'ended') {
      const without = new Set([...(this.#without ?? []), choice.key])
      this.lead(this.#user.decideAgain(this, without), without)
    } else {
      this.#user.onUnheard()
      if (choice.ifDown === 'app') this.lead(TO_APP)
      else this.#answer(503, 'RC-E-311', 'Nothing listens on the laptop that takes this request.')
    }
  }

  /** Who was asked has not looked at it, or it may be asked twice. */
  #again(): void {
    if (this.#told) this.fail(ERROR_CODE.INTERNAL_ERROR)
    else if (this.#kept.pieces === undefined || ++this.#tries > MAX_TRIES) this.fail(ERROR_CODE.REFUSED_STREAM)
    else this.lead(this.#user.decideAgain(this, this.#without), this.#without)
  }

  get #isRepeatable(): boolean {
    return !this.#hasBody && this.#isWhole && IDEMPOTENT.has(this.head.method)
  }

  #answer(status: number, code: string, text: string): void {
    const { block, body } = ownAnswer(status, code, text)
    const isHead = this.head.method === 'HEAD'
    this.#told = true
    this.#keepNoMore()
    this.down.block(block, isHead)
    if (!isHead) this.down.hold(body, true)
    if (!this.#isWhole) this.down.resetBehind(ERROR_CODE.NO_ERROR)
  }

  #giveUp(code: number = ERROR_CODE.CANCEL): void {
    const up = this.#up
    const to = this.#to
    this.#up = undefined
    this.#to = undefined
    if (up !== undefined) up.reset(code)
    else to?.giveUp(this)
  }

  #keepNoMore(): void {
    this.#keeps = false
    this.#kept.release()
    this.#trailers = undefined
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#keepNoMore()
    this.#learner = undefined
    this.#copies?.end()
    this.#user.onOver(this)
  }
}
