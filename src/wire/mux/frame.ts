/**
 * Frames of the mux, byte by byte as `docs/wire.md` says: u32 flow id, u8 type, u24 length, then the payload. Big-endian.
 */
import { giveBack } from '../../lib/slab.ts'

export const FRAME = { OPEN: 1, DATA: 2, WINDOW: 3, END: 4, RESET: 5, PING: 6, PONG: 7, GOAWAY: 8 } as const
export type FrameType = (typeof FRAME)[keyof typeof FRAME]

export const HEADER_BYTES = 8
/** Longest payload of a DATA frame. */
export const MAX_DATA_BYTES = 256 * 1024
/** Longest header of an opening. */
export const MAX_OPEN_HEADER_BYTES = 16 * 1024
/** Most data that goes with an opening. */
export const MAX_OPEN_DATA_BYTES = 64 * 1024
/** Longest payload of any frame but DATA: an opening with header and data. */
export const MAX_PAYLOAD_BYTES = 2 + MAX_OPEN_HEADER_BYTES + MAX_OPEN_DATA_BYTES

/** The eight bytes before a payload of `length` bytes. */
export function frameHeader(id: number, type: FrameType, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(id, 0)
  header.writeUInt32BE(((type << 24) | length) >>> 0, 4)
  return header
}

/** A small frame in one piece. */
export function frame(id: number, type: FrameType, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([frameHeader(id, type, payload.byteLength), payload])
}

const NOTHING = Buffer.alloc(0)

export interface FrameHandlers {
  /** A whole frame that is not DATA. */
  onFrame(id: number, type: number, payload: Buffer): void
  /** A piece of a DATA frame, in order; frames are not put together again. */
  onData(id: number, bytes: Buffer): void
}

/** Cuts a byte stream into frames. Keeps at most one header and one control payload. */
export class FrameDecoder {
  readonly #handlers: FrameHandlers
  #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  #id = 0
  #type = 0
  /** Payload bytes that are still to come. */
  #rest = 0
  #parts: Buffer[] = []

  constructor(handlers: FrameHandlers) {
    this.#handlers = handlers
  }

  /**
   * @returns undefined, or what is wrong with the bytes: then nothing more may be fed
   */
  feed(bytes: Buffer): string | undefined {
    let at = 0
    while (at < bytes.length) {
      if (this.#rest > 0) {
        const part = bytes.subarray(at, at + this.#rest)
        at += part.length
        this.#rest -= part.length
        this.#take(part)
        continue
      }
      const part = bytes.subarray(at, at + HEADER_BYTES - this.#headerBytes)
      part.copy(this.#header, this.#headerBytes)
      giveBack(part)
      at += part.length
      this.#headerBytes += part.length
      if (this.#headerBytes < HEADER_BYTES) return undefined
      this.#headerBytes = 0
      const wrong = this.#begin()
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  #begin(): string | undefined {
    this.#id = this.#header.readUInt32BE(0)
    this.#type = this.#header.readUInt8(4)
    this.#rest = this.#header.readUIntBE(5, 3)
    if (this.#type === FRAME.DATA) {
      return this.#rest > MAX_DATA_BYTES ? `a DATA frame of ${this.#rest} bytes` : undefined
    }
    if (this.#rest > MAX_PAYLOAD_BYTES) return `a frame of type ${this.#type} with ${this.#rest} bytes`
    if (this.#rest === 0) this.#handlers.onFrame(this.#id, this.#type, NOTHING)
    return undefined
  }

  #take(part: Buffer): void {
    if (this.#type === FRAME.DATA) {
      this.#handlers.onData(this.#id, part)
      return
    }
    // Kept by some: a copy.
    this.#parts.push(Buffer.from(part))
    giveBack(part)
    if (this.#rest > 0) return
    const [first = NOTHING] = this.#parts
    const payload = this.#parts.length === 1 ? first : Buffer.concat(this.#parts)
    this.#parts = []
    this.#handlers.onFrame(this.#id, this.#type, payload)
  }
}
