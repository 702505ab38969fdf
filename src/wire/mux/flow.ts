/** One flow of a mux: two half-closable directions with credit each way. */

import { settle } from '../../lib/slab.ts'
import { asBuffer } from '../link/as-buffer.ts'
import { type Flow, type FlowHandlers, type FlowReset, RESET_CODES, type ResetCode } from './contract.ts'
import { FRAME, frame } from './frame.ts'
import type { Outbox, Source } from './outbox.ts'
import { type ReceiveWindow, START_WINDOW_BYTES } from './window.ts'

/** More than this waiting in the flow: `send` says so. */
const HIGH_BYTES = 256 * 1024
const LOW_BYTES = 64 * 1024

/** What a flow needs of its mux. */
export interface FlowContext {
  readonly outbox: Outbox
  now(): number
  /** The flow is over; its id is not used again. */
  forget(flow: MuxFlow): void
}

export class MuxFlow implements Flow, Source {
  readonly id: number
  waiting = false
  /** Called once when it is over; beside the handlers, which change. */
  onOver: (() => void) | undefined
  readonly #context: FlowContext
  readonly #window: ReceiveWindow
  #handlers: FlowHandlers | undefined
  #outgoing: Buffer[] = []
  #outgoingBytes = 0
  #sendCredit = START_WINDOW_BYTES
  #blocked = false
  /** This end: 1 wants to end, 2 has sent its END. */
  #ending = 0
  #incoming: Buffer[] = []
  #paused = false
  #delivering = false
  #farEnded = false
  #endTold = false
  /** How it ended; kept until a handler hears it. */
  #over: { reason?: FlowReset; told: boolean } | undefined

  constructor(id: number, context: FlowContext, window: ReceiveWindow) {
    this.id = id
    this.#context = context
    this.#window = window
  }

  /** May be called again after `unbind`. */
  bind(handlers: FlowHandlers): void {
    this.#handlers = handlers
    this.#deliverSoon()
  }

  /** Takes the handlers off; `rest` are bytes that they got and that the next handlers shall get first. */
  unbind(rest?: Buffer): void {
    this.#handlers = undefined
    if (rest === undefined || rest.length === 0) return
    this.#window.putBack(rest.length)
    this.#incoming.unshift(rest)
  }

  send(bytes: Uint8Array): boolean {
    if (this.#ending > 0 || this.#over !== undefined) return true
    if (bytes.byteLength === 0) return this.#outgoingBytes < HIGH_BYTES
    this.#outgoing.push(asBuffer(bytes))
    this.#outgoingBytes += bytes.byteLength
    if (this.#sendCredit > 0) this.#context.outbox.offer(this)
    if (this.#outgoingBytes < HIGH_BYTES) return true
    this.#blocked = true
    return false
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#deliverSoon()
  }

  end(): void {
    if (this.#ending > 0 || this.#over !== undefined) return
    this.#ending = 1
    this.#context.outbox.offer(this)
  }

  reset(code: ResetCode, message = ''): void {
    if (this.#over !== undefined) return
    const text = Buffer.from(message).subarray(0, 1024)
    this.#context.outbox.control(frame(this.id, FRAME.RESET, Buffer.concat([Buffer.of(RESET_CODES[code]), text])))
    this.finish({ code, message })
  }

  /** For the outbox. */
  take(max: number): { pieces: Buffer[]; bytes: number; end: boolean; more: boolean } {
    const pieces: Buffer[] = []
    const limit = Math.min(max, this.#sendCredit)
    let bytes = 0
    while (bytes < limit && this.#over === undefined) {
      const first = this.#outgoing[0]
      if (first === undefined) break
      const piece = first.subarray(0, limit - bytes)
      if (piece.length === first.length) this.#outgoing.shift()
      else this.#outgoing[0] = first.subarray(piece.length)
      pieces.push(piece)
      bytes += piece.length
    }
    this.#outgoingBytes -= bytes
    this.#sendCredit -= bytes
    const end = this.#ending === 1 && this.#outgoingBytes === 0 && this.#over === undefined
    if (end) this.#ending = 2
    if ((this.#blocked && this.#outgoingBytes < LOW_BYTES) || end) process.nextTick(() => this.#afterTake())
    return { pieces, bytes, end, more: this.#outgoingBytes > 0 && this.#sendCredit > 0 }
  }

  /** Credit that was spent with the opening. */
  spend(bytes: number): void {
    this.#sendCredit -= bytes
  }

  /** A WINDOW frame came. */
  onCredit(bytes: number): void {
    this.#sendCredit += bytes
    if (this.#outgoingBytes > 0) this.#context.outbox.offer(this)
  }

  /** DATA came. @returns false when it exceeds the window or follows an END */
  onData(bytes: Buffer): boolean {
    if (this.#over !== undefined) return true
    if (this.#farEnded || !this.#window.receive(bytes.length)) return false
    if (bytes.length === 0) return true
    if (this.#handlers === undefined || this.#paused || this.#delivering || this.#incoming.length > 0) {
      this.#incoming.push(settle(bytes))
      if (!this.#window.waits(bytes.length)) this.reset('limit', 'too much waits unread on this link')
    } else this.#hand(bytes)
    return true
  }

  onEnd(): void {
    this.#farEnded = true
    this.#deliver()
  }

  /** Over, by a RESET that came, by its own, or because the link is gone. */
  finish(reason?: FlowReset): void {
    if (this.#over !== undefined) return
    this.#over = reason === undefined ? { told: false } : { reason, told: false }
    this.#outgoing = []
    this.#outgoingBytes = 0
    if (reason !== undefined) this.#incoming = []
    this.#window.release()
    this.#context.forget(this)
    this.onOver?.()
    process.nextTick(() => this.#deliver())
  }

  #hand(bytes: Buffer): void {
    this.#delivering = true
    this.#handlers?.onData(bytes)
    this.#delivering = false
    if (this.#over !== undefined || this.#farEnded) return
    const grant = this.#window.consume(bytes.length, this.#context.now())
    if (grant === 0) return
    const payload = Buffer.allocUnsafe(4)
    payload.writeUInt32BE(grant)
    this.#context.outbox.control(frame(this.id, FRAME.WINDOW, payload))
  }

  #deliverSoon(): void {
    process.nextTick(() => this.#deliver())
  }

  #deliver(): void {
    if (this.#delivering) return
    while (this.#handlers !== undefined && !this.#paused) {
      const bytes = this.#incoming.shift()
      if (bytes === undefined) break
      this.#window.waits(-bytes.length)
      this.#hand(bytes)
    }
    const handlers = this.#handlers
    if (handlers === undefined) return
    if (this.#farEnded && !this.#endTold && this.#incoming.length === 0 && !this.#paused) {
      this.#endTold = true
      if (this.#over?.reason === undefined) handlers.onEnd()
      this.#settle()
    }
    if (this.#over === undefined || this.#over.told) return
    this.#over.told = true
    handlers.onClose(this.#over.reason)
  }

  #afterTake(): void {
    this.#settle()
    if (!this.#blocked || this.#outgoingBytes >= LOW_BYTES || this.#over !== undefined) return
    this.#blocked = false
    this.#handlers?.onDrain()
  }

  /** Both ends have ended and this one has heard it. */
  #settle(): void {
    if (this.#ending === 2 && this.#endTold) this.finish()
  }
}
