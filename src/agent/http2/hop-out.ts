/** What one hop sends: frames, within the peer's windows, the streams that wait for room in turn. */
import { ChurnSet } from '../../lib/churn.ts'
import type { ErrorCode } from '../../lib/http2/error-code.ts'
import {
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  writeFrameHeader,
  writeStream,
} from '../../lib/http2/frame.ts'
import { SendWindow } from '../../lib/http2/window.ts'
import type { HopStream } from './hop-stream.ts'
import { Outbox, type Transport } from './outbox.ts'

/** The connection's window before anything is said of it (RFC 9113 §6.9.2). */
const FIRST_WINDOW_BYTES = 65_535
/** So much of what waited goes out before it is seen whether the transport is full. */
const PUMP_BYTES = 128 * 1024
/** Frames beside DATA that may wait for a peer that takes nothing: they have no windows. */
const BACKLOG_BYTES = 1024 * 1024
/** Dynamic table size update to 0 (RFC 7541 §6.3): our blocks need no table. */
const NO_TABLE = 0x20

export class HopOut {
  readonly outbox = new Outbox()
  readonly window = new SendWindow(FIRST_WINDOW_BYTES)
  /** The next block says that no table is used: at first, and whenever the peer has changed its limit (RFC 7541 §4.2). */
  saysTable = true
  /** DATA that waits for room on its way out. */
  heldBytes = 0
  /** DATA that had to wait and went then, in all. */
  unheldBytes = 0
  /** What was sent in all, and of it while the transport was full. */
  sentBytes = 0
  #sentWhileFull = 0
  /** Streams that hold octets and have a window of their own. */
  readonly #waiting = new ChurnSet<HopStream>()
  #transport: Transport | undefined
  #isFull = true

  /** No more DATA for now: the transport is not open yet, or full. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** So much other than DATA waits because the transport takes nothing that whoever makes it say more is to be read no further. */
  get isCrowded(): boolean {
    return this.#isFull && this.#sentWhileFull + this.outbox.size > BACKLOG_BYTES
  }

  /** Nothing was sent so far. */
  connect(transport: Transport): void {
    this.#transport = transport
    this.drained()
  }

  /** There is room again. */
  drained(): void {
    this.#isFull = false
    this.#sentWhileFull = 0
    this.pump()
    this.flush()
  }

  control(type: number, flags: number, stream: number, payload: Buffer): void {
    const out = this.outbox.reserve(FRAME_HEADER_BYTES + payload.length)
    const at = this.outbox.position
    writeFrameHeader(out, at, payload.length, type, flags, stream)
    payload.copy(out, at + FRAME_HEADER_BYTES)
  }

  reset(stream: number, code: ErrorCode | number): void {
    this.#four(FRAME.RST_STREAM, stream, code)
  }

  widen(stream: number, by: number): void {
    this.#four(FRAME.WINDOW_UPDATE, stream, by)
  }

  /** HEADERS, with as many CONTINUATIONs as it needs. */
  block(stream: number, block: Buffer, endStream: boolean): void {
    const prefix = this.saysTable ? 1 : 0
    const first = Math.min(block.length, MAX_PAYLOAD_BYTES - prefix)
    const out = this.outbox.reserve(FRAME_HEADER_BYTES + prefix + first)
    const at = this.outbox.position
    const flags = (endStream ? FLAG.END_STREAM : 0) | (first === block.length ? FLAG.END_HEADERS : 0)
    writeFrameHeader(out, at, prefix + first, FRAME.HEADERS, flags, stream)
    if (prefix === 1) out[at + FRAME_HEADER_BYTES] = NO_TABLE
    block.copy(out, at + FRAME_HEADER_BYTES + prefix, 0, first)
    this.saysTable = false
    for (let from = first; from < block.length; from += MAX_PAYLOAD_BYTES) {
      const to = Math.min(block.length, from + MAX_PAYLOAD_BYTES)
      this.control(FRAME.CONTINUATION, to === block.length ? FLAG.END_HEADERS : 0, stream, block.subarray(from, to))
    }
  }

  /** Whether so much DATA may go now, as far as the connection is concerned. */
  hasRoom(bytes: number): boolean {
    return !this.#isFull && bytes <= this.window.left
  }

  /** Passes a frame on, of a peer that gave it another id perhaps. DATA must have room. */
  pass(bytes: Buffer, at: number, length: number, stream: number): void {
    writeStream(bytes, at, stream)
    this.outbox.add(bytes, at, at + FRAME_HEADER_BYTES + length)
  }

  data(stream: number, payload: Buffer, endStream: boolean): void {
    const out = this.outbox.reserve(FRAME_HEADER_BYTES)
    const flags = endStream ? FLAG.END_STREAM : 0
    writeFrameHeader(out, this.outbox.position, payload.length, FRAME.DATA, flags, stream)
    this.outbox.add(payload, 0, payload.length)
  }

  /** The stream holds something that its own window lets go. */
  await(stream: HopStream): void {
    this.#waiting.add(stream)
  }

  awaitNoMore(stream: HopStream): void {
    this.#waiting.delete(stream)
  }

  /** Sends what waited, a frame of each stream in turn. */
  pump(): void {
    while (!this.#isFull && this.window.left > 0) {
      const [stream] = this.#waiting
      if (stream === undefined) return
      this.#waiting.delete(stream)
      // Behind all others.
      if (stream.sendHeld(Math.min(this.window.left, MAX_PAYLOAD_BYTES))) this.#waiting.add(stream)
      if (this.outbox.size >= PUMP_BYTES) this.flush()
    }
  }

  /** Writes what has come together. */
  flush(): void {
    const { size } = this.outbox
    if (size === 0 || this.#transport === undefined) return
    this.sentBytes += size
    if (this.#isFull) this.#sentWhileFull += size
    if (!this.outbox.flush(this.#transport)) this.#isFull = true
  }

  #four(type: number, stream: number, value: number): void {
    const out = this.outbox.reserve(FRAME_HEADER_BYTES + 4)
    const at = this.outbox.position
    writeFrameHeader(out, at, 4, type, 0, stream)
    out.writeUInt32BE(value, at + FRAME_HEADER_BYTES)
  }
}
