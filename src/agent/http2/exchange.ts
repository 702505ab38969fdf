/** One request and its answer: a stream of the client, and one of whom it is led to. */
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FLAG } from '../../lib/http2/frame.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import type { RequestHead } from '../../lib/http2/messages/request-head.ts'
import type { ResponseHead } from '../../lib/http2/messages/response-head.ts'
import { MARK_NAME } from '../../lib/mark.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import { NO_PROTOCOL } from '../http/dispatcher.ts'
import type { Choice, Copy, Laptop } from '../routing.ts'
import { AnswerSide } from './answer-side.ts'
import type { Asker, Loss } from './asker.ts'
import { isGrpc } from './grpc-answer.ts'
import { headBytes } from './heads.ts'
import type { HopStream, StreamUser } from './hop-stream.ts'
import { MessageCopies } from './message-copies.ts'
import { RequestSide } from './request-side.ts'
import type { UpstreamHop } from './upstream-hop.ts'

/** Whose exchange it is. */
export interface ExchangeUser {
  /** The hop to whom it goes. @returns undefined when he speaks HTTP/1.1 only, in which no gRPC call can be asked */
  hopTo(choice: Choice, isGrpc: boolean): UpstreamHop | undefined
  /** Who else takes it, `without` those who have just said that they take none. */
  decideAgain(exchange: Exchange, without?: ReadonlySet<string>): Choice
  /** The app has gone; the client may have to see it. */
  appGone(exchange: Exchange, how: Loss): void
  /** The laptop's program refuses HTTP/2 within TLS. */
  refusedHttp2(laptop: Laptop): void
  onDeclined(): void
  onUnheard(): void
  onRefused(): void
  /** Called once. */
  onOver(exchange: Exchange): void
}

/** A program that takes nothing is asked no more often for one request. */
const MAX_TRIES = 3
const TO_APP: Choice = { to: 'app' }
/** Of own answers. */
const WHOSE = { app: 'The app', laptop: 'The program on the laptop' }

export class Exchange implements StreamUser, Asker {
  readonly down: HopStream
  /** What the request's head takes. */
  readonly headBytes: number
  readonly #user: ExchangeUser
  readonly #request: RequestSide
  readonly #answer: AnswerSide
  #copies: MessageCopies | undefined
  #choice: Choice = TO_APP
  #without: ReadonlySet<string> | undefined
  #to: UpstreamHop | undefined
  #up: HopStream | undefined
  readonly #isGrpc: boolean
  #tries = 0
  #over = false

  constructor(user: ExchangeUser, down: HopStream, head: RequestHead, block: Buffer, endStream: boolean) {
    this.#user = user
    this.down = down
    this.headBytes = headBytes(block, head.fields.length)
    this.#isGrpc = isGrpc(head)
    this.#request = new RequestSide(down, head, block, endStream)
    this.#answer = new AnswerSide(down, head)
  }

  get head(): RequestHead {
    return this.#request.head
  }

  get isWhole(): boolean {
    return this.#request.isWhole
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
    this.#request.learn(learner)
  }

  /** From now on these get what has come of the request, what follows, and the answer if they want it. */
  copyTo(copies: readonly Copy[]): void {
    if (copies.length === 0 || this.head.connects) return
    const { body, isWhole, hasBody, trailerFields } = this.#request
    const made = new MessageCopies(copies, this.head, isWhole && !hasBody)
    this.#copies = made
    this.#answer.copyTo(made)
    for (const piece of body) made.requestData(piece)
    if (isWhole) made.requestEnd(trailerFields)
  }

  /** Leads it to who takes it. */
  lead(choice: Choice, without?: ReadonlySet<string>): void {
    if (this.#over) return
    this.#request.learnNoMore()
    this.#choice = choice
    this.#without = without
    this.#up = undefined
    this.#to = this.#user.hopTo(choice, this.#isGrpc)
    if (this.#to === undefined) this.#noHttp2()
    else this.#to.ask(this)
  }

  begin(to: UpstreamHop): void {
    const up = to.stream(this.down.id, this)
    this.#up = up
    up.source = this.down
    this.down.source = up
    this.#request.sendTo(up)
    if (to.hop.hasSettings) this.heard(to)
  }

  /** The app was asked it in HTTP/1.1, as stream 1. */
  adopt(to: UpstreamHop): void {
    const up = to.stream(1, this)
    this.#to = to
    this.#up = up
    up.source = this.down
    this.down.source = up
    up.sentEnd = true
  }

  heard(_by: UpstreamHop): void {
    // What a laptop is asked may come back until it answers.
    if (this.#choice.to === 'app') this.#request.keepNoMore()
  }

  lost(from: UpstreamHop, how: Loss): void {
    if (this.#over) return
    const wasFresh = from.isFresh
    this.#up = undefined
    this.#to = undefined
    if (how.kind === 'not opened') this.#notOpened(how, from.isBridged)
    else if (how.kind === 'unheard') this.#again()
    else if (how.kind === 'no http2') this.#noHttp2()
    else if (how.kind === 'unable') {
      const text = 'The program that takes this request knows no CONNECT for other protocols (RFC 8441).'
      this.#answerItself(501, 'RC-E-320', text)
    } else if (from.isApp && how.kind === 'gone') this.#user.appGone(this, how)
    else if (from.isApp) this.fail(ERROR_CODE.INTERNAL_ERROR)
    else if (this.#answer.hasBegun) this.fail(ERROR_CODE.INTERNAL_ERROR)
    else if (!wasFresh && this.#request.isRepeatable) this.#again()
    else this.#answerItself(503, 'RC-E-310', `The program on the laptop did not answer: ${how.why}.`)
  }

  away(): void {
    if (this.#answer.hasBegun || this.#over || !this.isWhole) return
    this.#giveUp()
    this.#answerItself(503, 'RC-E-310', 'The program on the laptop did not answer: it has been away for 8 s.')
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
    else if (stream === this.#up) this.#answer.data(stream, bytes, at, length, flags)
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
      if (code === ERROR_CODE.NO_ERROR && this.#answer.hasBegun && stream.gotEnd)
        this.down.resetBehind(ERROR_CODE.NO_ERROR)
      else this.down.reset(bySelf ? ERROR_CODE.INTERNAL_ERROR : code)
    }
  }

  onClosed(stream: HopStream): void {
    if (stream === this.down) this.#finish()
  }

  #requestData(bytes: Buffer, at: number, length: number, flags: number): void {
    const up = this.#up
    const payload = this.#request.data(
      bytes,
      at,
      length,
      flags,
      up,
      up !== undefined && this.#to?.hop.hasSettings === true,
    )
    this.#copies?.requestData(payload)
    if (flags & FLAG.END_STREAM) this.#copies?.requestEnd()
    up?.pass(bytes, at, length, flags)
  }

  #requestTrailers(block: FieldBlock, endStream: boolean): void {
    if (!endStream) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'trailers that do not end the stream', this.down.id)
    const fields = this.#request.end(block)
    this.#copies?.requestEnd(fields)
    this.#up?.block(block.encoded, true)
  }

  #answerBlock(up: HopStream, block: FieldBlock, endStream: boolean): void {
    const head = this.#answer.block(up, block, endStream)
    if (head === undefined) return
    if (this.#declines(head)) {
      this.#declined()
      return
    }
    if (this.#to !== undefined) this.#to.isFresh = false
    this.#request.keepNoMore()
    this.#answer.begin(up, head, block, endStream)
  }

  /** Only a laptop can: what an app says to whomever is its own affair. */
  #declines(head: ResponseHead): boolean {
    return this.#choice.to === 'laptop' && head.list(MARK_NAME).toLowerCase() === 'decline'
  }

  #declined(): void {
    this.#user.onDeclined()
    this.#giveUp(ERROR_CODE.CANCEL)
    if (this.#request.isKept) {
      this.lead(TO_APP)
      return
    }
    const text = 'The program on the laptop declined this request, whose body is too large to be sent once more.'
    this.#answerItself(502, 'RC-E-312', text)
  }

  #notOpened({ error }: { error: Error }, inHttp1: boolean): void {
    const choice = this.#choice
    if (choice.to === 'app') this.#user.appGone(this, { kind: 'not opened', error })
    else if (!(error instanceof StreamRefused))
      this.#answerItself(503, 'RC-E-310', `The laptop that takes this request is not reachable: ${error.message}.`)
    else if (NO_PROTOCOL.test(error.code) && !inHttp1) {
      this.#user.refusedHttp2(choice)
      this.#noHttp2()
    } else if (error.code === 'ended') {
      const without = new Set([...(this.#without ?? []), choice.key])
      this.lead(this.#user.decideAgain(this, without), without)
    } else {
      this.#user.onUnheard()
      if (choice.ifDown === 'app') this.lead(TO_APP)
      else this.#answerItself(503, 'RC-E-311', 'Nothing listens on the laptop that takes this request.')
    }
  }

  /** Who takes it does not speak HTTP/2. gRPC is HTTP/2's alone: its trailers, and answers while the call goes on. */
  #noHttp2(): void {
    if (!this.#isGrpc) this.#again()
    else this.#answerItself(503, 'RC-E-313', `${WHOSE[this.#choice.to]} speaks HTTP/1.1 only, which has no gRPC.`)
  }

  /** Who was asked has not looked at it, or it may be asked twice. */
  #again(): void {
    if (this.#answer.hasBegun) this.fail(ERROR_CODE.INTERNAL_ERROR)
    else if (!this.#request.isKept || ++this.#tries > MAX_TRIES) this.fail(ERROR_CODE.REFUSED_STREAM)
    else this.lead(this.#user.decideAgain(this, this.#without), this.#without)
  }

  #answerItself(status: number, code: string, text: string): void {
    this.#request.keepNoMore()
    this.#answer.own(status, code, text)
  }

  #giveUp(code: number = ERROR_CODE.CANCEL): void {
    const up = this.#up
    const to = this.#to
    this.#up = undefined
    this.#to = undefined
    if (up !== undefined) up.reset(code)
    else to?.giveUp(this)
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#request.keepNoMore()
    this.#request.learnNoMore()
    this.#copies?.end()
    this.#user.onOver(this)
  }
}
