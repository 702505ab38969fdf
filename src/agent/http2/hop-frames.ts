/** What a peer says, frame by frame: of streams here, of the connection in `connection-frames.ts`. */
import { type Block, BlockAssembler, unexpected } from '../../lib/http2/block-assembler.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FLAG, FRAME, FRAME_HEADER_BYTES, read31, read32 } from '../../lib/http2/frame.ts'
import type { FrameSink } from '../../lib/http2/frame-reader.ts'
import { HpackDecoder } from '../../lib/http2/hpack/decoder.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { type ConnectionFrames, MAX_HEADER_LIST_BYTES, sized } from './connection-frames.ts'
import { COST } from './flood.ts'
import type { Hop } from './hop.ts'
import { paddingOf, type StreamUser } from './hop-stream.ts'
import type { HopStreams } from './hop-streams.ts'
import type { HopOptions } from './hop-user.ts'

/** Until a stream has one. */
export const NOBODY: StreamUser = { onBlock() {}, onData() {}, onOther() {}, onReset() {} }

export class HopFrames implements FrameSink {
  readonly #hop: Hop
  readonly #options: HopOptions
  readonly #connection: ConnectionFrames
  readonly #table: HopStreams
  readonly #blocks = new BlockAssembler()
  readonly #decoder = new HpackDecoder({ listBytes: MAX_HEADER_LIST_BYTES })
  #blocksBegun = 0

  constructor(hop: Hop, options: HopOptions, connection: ConnectionFrames, table: HopStreams) {
    this.#hop = hop
    this.#options = options
    this.#connection = connection
    this.#table = table
  }

  /** Which block has begun and is not whole, by its number; 0: none. */
  get openBlock(): number {
    return this.#blocks.isOpen ? this.#blocksBegun : 0
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
    if (!this.#connection.hasSettings && (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0)) throw unexpected(type)
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
        this.#connection.settings(
          bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length),
          flags,
          stream,
        )
        return
      case FRAME.PING:
        this.#connection.ping(bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length), flags, stream)
        return
      case FRAME.GOAWAY:
        this.#connection.goaway(bytes, at, length, stream)
        return
      case FRAME.PRIORITY:
        if (stream === 0) throw unexpected(type)
        if (length !== 5) throw new Http2Error(ERROR_CODE.FRAME_SIZE_ERROR, 'PRIORITY of another length than 5', stream)
        this.#hop.flood.spend('PRIORITY')
        return
      case FRAME.PUSH_PROMISE:
        throw unexpected(type)
      default:
        this.#hop.flood.spend('unknown ones', COST.unknown)
        this.#other(bytes, at, length, stream)
    }
  }

  #data(bytes: Buffer, at: number, length: number, flags: number, id: number): void {
    if (id === 0) throw unexpected(FRAME.DATA)
    this.#hop.receives.take(length, 0)
    const padding = paddingOf(bytes, at, flags)
    if (padding > length) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'DATA with more padding than payload')
    if (length === padding && !(flags & FLAG.END_STREAM)) this.#hop.flood.spend('empty DATA')
    const stream = this.#table.known(id, FRAME.DATA)
    if (stream === undefined || stream.gotEnd) {
      this.#hop.credit(length)
      if (stream !== undefined) throw afterEnd(id)
      return
    }
    stream.received(length, padding)
    if (flags & FLAG.END_STREAM) stream.gotEnd = true
    stream.user.onData(stream, bytes, at, length, flags)
    if (stream.gotEnd && stream.sentEnd) this.#hop.close(stream, 'end')
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
    if (stream.gotEnd && stream.sentEnd) this.#hop.close(stream, 'end')
  }

  #open(id: number, fields: FieldBlock, endStream: boolean): void {
    // What comes after our GOAWAY was sent before it was read (RFC 9113 §6.8).
    if (this.#table.isClosing) {
      this.#table.ignore(id)
      return
    }
    this.#table.last = id
    if (this.#table.open.size >= this.#options.maxStreams) {
      this.#hop.flood.spend('HEADERS beyond MAX_CONCURRENT_STREAMS')
      this.#hop.out.reset(id, ERROR_CODE.REFUSED_STREAM)
      this.#table.ignore(id)
      return
    }
    const stream = this.#hop.add(id, NOBODY)
    if (endStream) stream.gotEnd = true
    this.#options.user.onOpen(stream, fields, endStream)
    if (stream.gotEnd && stream.sentEnd) this.#hop.close(stream, 'end')
  }

  #widen(by: number, id: number): void {
    if (by === 0) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0', id)
    this.#hop.flood.update()
    if (id === 0) {
      this.#hop.out.window.widen(by, 0)
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
      this.#hop.flood.spend('RST_STREAM of nothing')
      return
    }
    if (this.#options.isServer && !stream.sentEnd) this.#hop.flood.spend('RST_STREAM')
    this.#hop.close(stream, 'peer')
    stream.user.onReset(stream, code, false)
  }

  #other(bytes: Buffer, at: number, length: number, id: number): void {
    const stream = this.#table.open.get(id)
    stream?.user.onOther(stream, bytes, at, length)
  }

  #refuse(error: Http2Error): void {
    const stream = this.#table.open.get(error.stream)
    this.#hop.flood.spend(error.message)
    if (stream === undefined) {
      this.#hop.out.reset(error.stream, error.code)
      return
    }
    stream.reset(error.code)
    stream.user.onReset(stream, error.code, true)
  }
}

function afterEnd(stream: number): Http2Error {
  return new Http2Error(ERROR_CODE.STREAM_CLOSED, 'a frame after END_STREAM', stream)
}
