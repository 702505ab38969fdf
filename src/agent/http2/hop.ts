/**
 * One side of a proxied HTTP/2 connection: the agent as the server of a client, or as the client of a target. A hop owns its SETTINGS, PING,
 * GOAWAY and the connection's flow control; what belongs to streams it gives to their users.
 */
import type { Budget } from '../../lib/budget.ts'
import { type Block, BlockAssembler, unexpected } from '../../lib/http2/block-assembler.ts'
import { ERROR_CODE, type ErrorCode } from '../../lib/http2/error-code.ts'
import { FLAG, FRAME, FRAME_HEADER_BYTES, goawayPayload, read31, read32 } from '../../lib/http2/frame.ts'
import { FrameReader, type FrameSink } from '../../lib/http2/frame-reader.ts'
import { HpackDecoder } from '../../lib/http2/hpack/decoder.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { SETTING, Settings, settingsPayload } from '../../lib/http2/settings.ts'
import { ReceiveWindow } from '../../lib/http2/window.ts'
import type { FlowHandlers, FlowReset } from '../../wire/mux/contract.ts'
import { COST, Flood } from './flood.ts'
import { HopOut } from './hop-out.ts'
import { HopStream, paddingOf, type StreamUser } from './hop-stream.ts'
import { HopStreams } from './hop-streams.ts'
import type { HopOptions } from './hop-user.ts'

const FIRST_WINDOW_BYTES = 65_535
const MAX_HEADER_LIST_BYTES = 65_536

export class Hop implements FrameSink, FlowHandlers {
  readonly out = new HopOut()
  readonly peer = new Settings()
  readonly held: Budget
  readonly flood: Flood
  readonly #options: HopOptions
  readonly #reader = new FrameReader(this)
  readonly #blocks = new BlockAssembler()
  readonly #decoder = new HpackDecoder({ listBytes: MAX_HEADER_LIST_BYTES })
  readonly #receives: ReceiveWindow
  readonly #table: HopStreams
  /** The peer's first frame is SETTINGS (RFC 9113 §3.4). */
  #hasSettings = false
  #blocksBegun = 0
  #isBroken = false

  constructor(options: HopOptions) {
    this.#options = options
    this.held = options.held
    this.flood = new Flood(options.clock)
    this.#table = new HopStreams(options.isServer)
    this.#receives = new ReceiveWindow(options.windows.connection)
  }

  /**
   * Says how this end wants it.
   * @param more settings
   */
  begin(...more: (readonly [id: number, value: number])[]): void {
    const { isServer, windows, maxStreams } = this.#options
    if (isServer) this.say([SETTING.MAX_CONCURRENT_STREAMS, maxStreams], ...eitherSettings(windows.stream), ...more)
    else this.say(...clientSettings(windows.stream), ...more)
    this.out.widen(0, windows.connection - FIRST_WINDOW_BYTES)
  }

  /** The peer's SETTINGS have come: it speaks HTTP/2. */
  get hasSettings(): boolean {
    return this.#hasSettings
  }

  /** Which of the peer's blocks has begun and is not whole, by its number; 0: none. */
  get openBlock(): number {
    return this.#blocks.isOpen ? this.#blocksBegun : 0
  }

  /** Those that are open, by their ids. */
  get streams(): ReadonlyMap<number, HopStream> {
    return this.#table.open
  }

  get lastStream(): number {
    return this.#table.last
  }

  get saidGoaway(): boolean {
    return this.#table.isClosing
  }

  /** Ids are used up, nearly: another connection is needed. */
  get isUsedUp(): boolean {
    return this.#table.isUsedUp
  }

  /**
   * Server: the first stream is a request that came in HTTP/1.1, with settings in the place of the peer's first SETTINGS (RFC 7540 §3.2.1). Throws `Http2Error`
   * when they are none.
   */
  openUpgraded(settings: Buffer, user: StreamUser): HopStream {
    this.peer.take(settings, false)
    this.#table.last = 1
    const stream = this.#add(1, user)
    stream.gotEnd = true
    return stream
  }

  /** Client: opens a stream, with the id that it has elsewhere where that may be. Ids may skip but never go back (RFC 9113 §5.1.1). */
  open(id: number, user: StreamUser): HopStream {
    return this.#add(this.#table.next(id), user)
  }

  /** Room for the peer on the connection. */
  credit(bytes: number): void {
    const told = this.#receives.give(bytes)
    if (told > 0 && !this.#isBroken) this.out.widen(0, told)
  }

  /** For streams: it is over. */
  close(stream: HopStream, by: 'end' | 'reset' | 'peer'): void {
    if (stream.isClosed) return
    if (by === 'reset' && !stream.gotEnd) this.#table.ignore(stream.id)
    this.#table.open.delete(stream.id)
    stream.forget(by === 'end')
    this.#options.user.onStreamClosed(stream)
  }

  /** Says more of how this end wants it. */
  say(...settings: (readonly [id: number, value: number])[]): void {
    this.out.control(FRAME.SETTINGS, 0, 0, settingsPayload(settings))
  }

  /** Takes no more streams; those that are open go on. */
  goaway(code: ErrorCode, why = ''): void {
    this.#table.isClosing = true
    const last = this.#options.isServer ? this.#table.last : 0
    this.out.control(FRAME.GOAWAY, 0, 0, goawayPayload(last, code, why))
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#isBroken = true
    this.#reader.stop()
    for (const stream of [...this.#table.open.values()]) {
      this.#table.open.delete(stream.id)
      stream.forget(false)
    }
  }

  /** Sends what may go now. */
  settle(): void {
    this.out.pump()
    this.out.flush()
  }

  onData(bytes: Buffer): void {
    if (this.#isBroken) return
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#fail(error)
    }
    this.#options.user.onRead()
  }

  onDrain(): void {
    this.out.drained()
    this.#options.user.onRead()
  }

  onEnd(): void {
    if (this.#isBroken) return
    this.#options.user.onEnd()
    this.#options.user.onRead()
  }

  onClose(reason: FlowReset | undefined): void {
    this.#options.user.onClose(reason)
    this.#options.user.onRead()
  }

  onFrame(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
    try {
      this.#take(bytes, at, length, type, flags, stream)
    } catch (error) {
      if (!(error instanceof Http2Error) || error.stream === 0) throw error
      this.#refuse(error)
    }
  }

  #take(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
    if (!this.#hasSettings && (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0)) throw unexpected(type)
    if (this.#blocks.isOpen && type !== FRAME.CONTINUATION) throw unexpected(type)
    switch (type) {
      case FRAME.DATA:
        this.#data(bytes, at, length, flags, stream)
        return
      case FRAME.HEADERS:
        this.#headers(bytes, at, length, flags, stream)
        return
      case FRAME.CONTINUATION:
        this.#block(this.#blocks.continuation(bytes, at, length, flags, stream))
        return
      case FRAME.WINDOW_UPDATE:
        sized(length === 4, type)
        this.#widen(read31(bytes, at + FRAME_HEADER_BYTES), stream)
        return
      case FRAME.RST_STREAM:
        sized(length === 4, type)
        this.#reset(read32(bytes, at + FRAME_HEADER_BYTES), stream)
        return
      case FRAME.SETTINGS:
        this.#settings(bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length), flags, stream)
        return
      case FRAME.PING:
        this.#ping(bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length), flags, stream)
        return
      case FRAME.GOAWAY:
        if (stream !== 0) throw unexpected(type)
        sized(length >= 8, type)
        this.#options.user.onGoaway(read31(bytes, at + FRAME_HEADER_BYTES), read32(bytes, at + FRAME_HEADER_BYTES + 4))
        return
      case FRAME.PRIORITY:
        if (stream === 0) throw unexpected(type)
        if (length !== 5) throw new Http2Error(ERROR_CODE.FRAME_SIZE_ERROR, 'PRIORITY of another length than 5', stream)
        this.flood.spend('PRIORITY')
        return
      case FRAME.PUSH_PROMISE:
        throw unexpected(type)
      default:
        this.flood.spend('unknown ones', COST.unknown)
        this.#other(bytes, at, length, stream)
    }
  }

  #data(bytes: Buffer, at: number, length: number, flags: number, id: number): void {
    if (id === 0) throw unexpected(FRAME.DATA)
    this.#receives.take(length, 0)
    const padding = paddingOf(bytes, at, flags)
    if (padding > length) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'DATA with more padding than payload')
    if (length === padding && !(flags & FLAG.END_STREAM)) this.flood.spend('empty DATA')
    const stream = this.#table.known(id, FRAME.DATA)
    if (stream === undefined || stream.gotEnd) {
      this.credit(length)
      if (stream !== undefined) throw afterEnd(id)
      return
    }
    stream.received(length, padding)
    if (flags & FLAG.END_STREAM) stream.gotEnd = true
    stream.user.onData(stream, bytes, at, length, flags)
    if (stream.gotEnd && stream.sentEnd) this.close(stream, 'end')
  }

  #headers(bytes: Buffer, at: number, length: number, flags: number, id: number): void {
    if (id === 0 || (id & 1) === 0) throw unexpected(FRAME.HEADERS)
    this.#blocksBegun++
    this.#block(this.#blocks.headers(bytes, at, length, flags, id))
  }

  #block(block: Block | undefined): void {
    if (block === undefined) return
    // Whatever becomes of the stream: the table must see each block (RFC 7541 §2.2).
    const fields = this.#decoder.decode(block.bytes)
    const { stream: id, endStream } = block
    if (this.#options.isServer && id > this.#table.last) {
      this.#open(id, fields, endStream)
      return
    }
    const stream = this.#table.known(id, FRAME.HEADERS)
    if (stream === undefined) return
    if (stream.gotEnd) throw afterEnd(id)
    if (endStream) stream.gotEnd = true
    stream.user.onBlock(stream, fields, endStream)
    if (stream.gotEnd && stream.sentEnd) this.close(stream, 'end')
  }

  #open(id: number, fields: FieldBlock, endStream: boolean): void {
    // What comes after our GOAWAY was sent before it was read (RFC 9113 §6.8).
    if (this.#table.isClosing) {
      this.#table.ignore(id)
      return
    }
    this.#table.last = id
    if (this.#table.open.size >= this.#options.maxStreams) {
      this.flood.spend('HEADERS beyond MAX_CONCURRENT_STREAMS')
      this.out.reset(id, ERROR_CODE.REFUSED_STREAM)
      this.#table.ignore(id)
      return
    }
    const stream = this.#add(id, NOBODY)
    if (endStream) stream.gotEnd = true
    this.#options.user.onOpen(stream, fields, endStream)
    if (stream.gotEnd && stream.sentEnd) this.close(stream, 'end')
  }

  #add(id: number, user: StreamUser): HopStream {
    const windows = { send: this.peer.initialWindowSize, receive: this.#options.windows.stream }
    const stream = new HopStream(this, id, user, windows)
    this.#table.open.set(id, stream)
    return stream
  }

  #widen(by: number, id: number): void {
    if (by === 0) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0', id)
    this.flood.spend('WINDOW_UPDATE', COST.window)
    if (id === 0) {
      this.out.window.widen(by, 0)
      return
    }
    const stream = this.#table.atMostClosed(id, FRAME.WINDOW_UPDATE)
    if (stream === undefined) return
    stream.sends.widen(by, id)
    stream.awake()
  }

  #reset(code: number, id: number): void {
    if (id === 0) throw unexpected(FRAME.RST_STREAM)
    const stream = this.#table.atMostClosed(id, FRAME.RST_STREAM)
    if (stream === undefined) {
      this.flood.spend('RST_STREAM of nothing')
      return
    }
    if (this.#options.isServer && !stream.sentEnd) this.flood.spend('RST_STREAM')
    this.close(stream, 'peer')
    stream.user.onReset(stream, code, false)
  }

  #settings(payload: Buffer, flags: number, stream: number): void {
    if (stream !== 0) throw unexpected(FRAME.SETTINGS)
    if (flags & FLAG.ACK) {
      sized(payload.length === 0, FRAME.SETTINGS)
      return
    }
    this.flood.spend('SETTINGS')
    const { initialWindowSize: window, headerTableSize: table } = this.peer
    this.peer.take(payload, !this.#options.isServer)
    this.#hasSettings = true
    const more = this.peer.initialWindowSize - window
    if (more !== 0) {
      for (const open of this.#table.open.values()) {
        // Beyond 2^31-1 this is an error of the connection (RFC 9113 §6.9.2).
        open.sends.widen(more, 0)
        open.awake()
      }
    }
    if (this.peer.headerTableSize !== table) this.out.saysTable = true
    this.out.control(FRAME.SETTINGS, FLAG.ACK, 0, NOTHING)
    this.#options.user.onSettings()
  }

  #ping(payload: Buffer, flags: number, stream: number): void {
    if (stream !== 0) throw unexpected(FRAME.PING)
    sized(payload.length === 8, FRAME.PING)
    this.flood.spend('PING', COST.ping)
    if (!(flags & FLAG.ACK)) this.out.control(FRAME.PING, FLAG.ACK, 0, payload)
  }

  #other(bytes: Buffer, at: number, length: number, id: number): void {
    const stream = this.#table.open.get(id)
    stream?.user.onOther(stream, bytes, at, length)
  }

  #refuse(error: Http2Error): void {
    const stream = this.#table.open.get(error.stream)
    this.flood.spend(error.message)
    if (stream === undefined) {
      this.out.reset(error.stream, error.code)
      return
    }
    stream.reset(error.code)
    stream.user.onReset(stream, error.code, true)
  }

  #fail(error: unknown): void {
    if (!(error instanceof Http2Error)) throw error
    this.goaway(error.code, error.message)
    this.#isBroken = true
    this.#reader.stop()
    this.#options.user.onBroken(error)
  }
}

const NOTHING = Buffer.alloc(0)
/** Until it has one. */
export const NOBODY: StreamUser = { onBlock() {}, onData() {}, onOther() {}, onReset() {} }

/** What the agent says as a client. */
export function clientSettings(windowBytes: number): (readonly [id: number, value: number])[] {
  return [[SETTING.ENABLE_PUSH, 0], ...eitherSettings(windowBytes)]
}

function eitherSettings(windowBytes: number): (readonly [id: number, value: number])[] {
  return [
    [SETTING.INITIAL_WINDOW_SIZE, windowBytes],
    [SETTING.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
  ]
}

function sized(isRight: boolean, type: number): void {
  if (!isRight)
    throw new Http2Error(ERROR_CODE.FRAME_SIZE_ERROR, `a frame of type ${type} of a length that it cannot have`)
}

function afterEnd(stream: number): Http2Error {
  return new Http2Error(ERROR_CODE.STREAM_CLOSED, 'a frame after END_STREAM', stream)
}
