/** Frames out of what a connection reads. */
import { ERROR_CODE } from './error-code.ts'
import { FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES, read31 } from './frame.ts'
import { Http2Error } from './http2-error.ts'

export interface FrameSink {
  /**
   * One whole frame: its header is at `at` of `bytes`, its payload behind it. The bytes are the sink's: nobody reads them any more.
   */
  onFrame(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number): void
}

/** Holds one frame at most: 16,393 octets. A frame that is whole within a read is not copied. */
export class FrameReader {
  readonly #sink: FrameSink
  /** The beginning of a frame whose header is not whole. */
  #header: Buffer | undefined
  /** The frame that is being collected, and how much of it is there. */
  #frame: Buffer | undefined
  #filled = 0
  #stopped = false

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** Nothing more is read, not even what is left of the read that is being taken. */
  stop(): void {
    this.#stopped = true
    this.#frame = undefined
    this.#header = undefined
  }

  /** Throws `Http2Error` FRAME_SIZE_ERROR for a frame that is larger than we said we take, and what the sink throws. */
  read(read: Buffer): void {
    let bytes = read
    let at = 0
    if (this.#header !== undefined) {
      bytes = Buffer.concat([this.#header, read])
      this.#header = undefined
    } else if (this.#frame !== undefined) {
      at = this.#fill(this.#frame, read)
    }
    while (!this.#stopped) {
      const left = bytes.length - at
      if (left === 0) return
      if (left < FRAME_HEADER_BYTES) {
        this.#header = Buffer.from(bytes.subarray(at))
        return
      }
      const length = lengthAt(bytes, at)
      const whole = FRAME_HEADER_BYTES + length
      if (left < whole) {
        this.#frame = Buffer.allocUnsafe(whole)
        this.#filled = bytes.copy(this.#frame, 0, at)
        return
      }
      this.#give(bytes, at, length)
      at += whole
    }
  }

  /** @returns how much of the read belongs to the frame that began earlier */
  #fill(frame: Buffer, read: Buffer): number {
    const copied = read.copy(frame, this.#filled)
    this.#filled += copied
    if (this.#filled === frame.length) {
      this.#frame = undefined
      this.#give(frame, 0, frame.length - FRAME_HEADER_BYTES)
    }
    return copied
  }

  #give(bytes: Buffer, at: number, length: number): void {
    this.#sink.onFrame(bytes, at, length, bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, read31(bytes, at + 5))
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readUIntBE(at, 3)
  if (length > MAX_PAYLOAD_BYTES)
    throw new Http2Error(ERROR_CODE.FRAME_SIZE_ERROR, `a frame of ${length} bytes is larger than ${MAX_PAYLOAD_BYTES}`)
  return length
}
