/** What our reader, our blocks and our settings say of bytes that come in pieces, in the words of the reference. */
import { BlockAssembler, unexpected } from '../../../src/lib/http2/block-assembler.ts'
import { FLAG, FRAME, FRAME_HEADER_BYTES } from '../../../src/lib/http2/frame.ts'
import { FrameReader, type FrameSink } from '../../../src/lib/http2/frame-reader.ts'
import { Http2Error } from '../../../src/lib/http2/http2-error.ts'
import { Settings } from '../../../src/lib/http2/settings.ts'
import { type Reading, shownBlock, shownFrame, shownSettings } from './reference.ts'

/** @param cuts where it is cut; the last is its length */
export function readByUs(bytes: Buffer, cuts: number[]): Reading {
  const sink = new Sink()
  const reader = new FrameReader(sink)
  let from = 0
  try {
    for (const to of cuts) {
      // The bytes are the reader's: what is kept of them must not be kept by whom they came from.
      reader.read(Buffer.from(bytes.subarray(from, to)))
      from = to
    }
  } catch (error) {
    if (!(error instanceof Http2Error)) throw error
    return { events: sink.events, end: sink.end, refused: error.code }
  }
  return { events: sink.events, end: sink.end, refused: undefined }
}

class Sink implements FrameSink {
  readonly events: string[] = []
  end = 0
  readonly #blocks = new BlockAssembler()
  readonly #settings = new Settings()

  onFrame(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void {
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length)
    this.events.push(shownFrame(type, flags, stream, payload))
    if (this.#blocks.isOpen && type !== FRAME.CONTINUATION) throw unexpected(type)
    if (type === FRAME.HEADERS) {
      if (stream === 0) throw unexpected(type)
      this.#block(this.#blocks.headers(bytes, at, length, flags, stream))
    } else if (type === FRAME.CONTINUATION) {
      this.#block(this.#blocks.continuation(bytes, at, length, flags, stream))
    } else if (type === FRAME.SETTINGS && (flags & FLAG.ACK) === 0) {
      if (stream !== 0) throw unexpected(type)
      const settings = this.#settings
      settings.take(payload, false)
      const { headerTableSize, maxConcurrentStreams, initialWindowSize, maxFrameSize, connectProtocol } = settings
      this.events.push(
        shownSettings([
          headerTableSize,
          maxConcurrentStreams,
          initialWindowSize,
          maxFrameSize,
          connectProtocol ? 1 : 0,
        ]),
      )
    }
    this.end += FRAME_HEADER_BYTES + length
  }

  #block(block: ReturnType<BlockAssembler['headers']>): void {
    if (block !== undefined) this.events.push(shownBlock(block.stream, block.endStream, block.bytes))
  }
}
