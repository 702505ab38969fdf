/** The copy of one request, and of the app's answer when that is compared. */

import type { Budget } from '../../lib/budget.ts'
import {
  COPY,
  COPY_FLAG,
  COPY_HEADER_BYTES,
  COPY_REQUEST_BYTES,
  MAX_COPY_BYTES,
  type NoAnswer,
  writeCopyHeader,
} from '../../wire/messages/copies.ts'
import type { Copy } from '../routing.ts'
import { Bytes } from './bytes.ts'
import type { Line } from './line.ts'

/** Why a copy was dropped. */
export type Drop = 'slow' | 'large' | 'broken'

export interface RequestCopyOptions {
  line: Line
  budget: Budget
  port: number
  /** It came in TLS. */
  isSecure: boolean
  wantsAnswer: boolean
  beganAt: number
  /** Called once: the request was sent whole (undefined), or not. */
  onRequest(dropped?: Drop): void
  /** Called once: nothing more comes of it. */
  onOver(copy: RequestCopy): void
}

export class RequestCopy implements Copy {
  readonly wantsAnswer: boolean
  readonly beganAt: number
  readonly #options: RequestCopyOptions
  readonly #id: number
  readonly #request: Bytes
  readonly #answer: Bytes
  #sent = false
  /** The answer is whole, or why there is none; it is sent after the request. */
  #answered: 'whole' | NoAnswer | undefined
  #over = false

  constructor(options: RequestCopyOptions) {
    const { line, budget, wantsAnswer, beganAt } = options
    this.#options = options
    this.wantsAnswer = wantsAnswer
    this.beganAt = beganAt
    this.#id = line.take()
    this.#request = new Bytes(budget, MAX_COPY_BYTES, COPY_HEADER_BYTES + COPY_REQUEST_BYTES)
    this.#answer = new Bytes(budget, MAX_COPY_BYTES, COPY_HEADER_BYTES)
  }

  request(bytes: Buffer): void {
    if (this.#over || this.#sent) return
    const refused = this.#options.line.isOver ? 'slow' : this.#request.add(bytes)
    if (refused !== undefined) this.#drop(refused)
  }

  requestEnd(): void {
    if (this.#over || this.#sent) return
    const { line, port, isSecure, onRequest } = this.#options
    const record = this.#request.whole
    if (line.isOver || record.length === 0) {
      this.#drop('slow')
      return
    }
    writeCopyHeader(record, COPY.request, this.#id, record.length - COPY_HEADER_BYTES)
    record.writeUInt16BE(port, COPY_HEADER_BYTES)
    record[COPY_HEADER_BYTES + 2] = (this.wantsAnswer ? COPY_FLAG.answered : 0) | (isSecure ? COPY_FLAG.secure : 0)
    line.send(record, this.#request.heldBytes)
    this.#sent = true
    onRequest()
    if (!this.wantsAnswer) this.#end()
    else if (this.#answered !== undefined) this.#sendAnswer(this.#answered)
  }

  answer(bytes: Buffer): void {
    if (this.#over || !this.wantsAnswer || this.#answered !== undefined) return
    const refused = this.#answer.add(bytes)
    if (refused !== undefined) this.#settleAnswer(refused)
  }

  answerEnd(): void {
    this.#settleAnswer('whole')
  }

  abort(): void {
    this.giveUp('broken')
  }

  /** Before it is whole: nothing more is waited for. */
  giveUp(why: 'broken' | 'slow'): void {
    if (this.#over) return
    if (!this.#sent) this.#drop(why)
    else this.#settleAnswer(why)
  }

  #settleAnswer(how: 'whole' | NoAnswer): void {
    if (this.#over || !this.wantsAnswer || this.#answered !== undefined) return
    this.#answered = how
    if (how !== 'whole') this.#answer.drop()
    if (this.#sent) this.#sendAnswer(how)
  }

  #sendAnswer(how: 'whole' | NoAnswer): void {
    const { line } = this.#options
    if (how !== 'whole') line.say(COPY.noAnswer, this.#id, how)
    else {
      const record = this.#answer.whole
      if (record.length === 0) line.say(COPY.noAnswer, this.#id, 'slow')
      else {
        writeCopyHeader(record, COPY.answer, this.#id, record.length - COPY_HEADER_BYTES)
        line.send(record, this.#answer.heldBytes)
      }
    }
    this.#end()
  }

  #drop(why: Drop): void {
    const { line, onRequest } = this.#options
    this.#request.drop()
    this.#answer.drop()
    line.giveUp()
    onRequest(why)
    this.#end()
  }

  #end(): void {
    this.#over = true
    this.#options.onOver(this)
  }
}
