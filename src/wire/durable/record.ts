/** Records, byte by byte as `docs/wire.md` says: u8 type, u24 length, then the payload. Big-endian. */
import { giveBack } from '../../lib/slab.ts'

export const RECORD = {
  START: 1,
  ACCEPT: 2,
  REFUSE: 3,
  DATA: 4,
  ACK: 5,
  PING: 6,
  PONG: 7,
  CLOSE: 8,
  RESET: 9,
} as const
export type RecordType = (typeof RECORD)[keyof typeof RECORD]

const HEADER_BYTES = 4
const OFFSET_BYTES = 8
/** Longest run of data in one record. */
export const MAX_RUN_BYTES = 256 * 1024
/** Longest payload of any other record. */
const MAX_PAYLOAD_BYTES = 2048

const NOTHING = Buffer.alloc(0)

/** A record that is not DATA. */
export function record(type: RecordType, ...payload: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(payload)
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(((type << 24) | bytes.length) >>> 0)
  return Buffer.concat([header, bytes])
}

/** What stands before `length` bytes of data that begin at `offset`. */
export function dataHeader(offset: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES + OFFSET_BYTES)
  header.writeUInt32BE(((RECORD.DATA << 24) | (OFFSET_BYTES + length)) >>> 0)
  header.writeBigUInt64BE(BigInt(offset), HEADER_BYTES)
  return header
}

/** An offset as u64. */
export function u64(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(OFFSET_BYTES)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** @returns NaN for what no offset can be */
export function readU64(bytes: Buffer, at = 0): number {
  if (bytes.length < at + OFFSET_BYTES) return Number.NaN
  const value = bytes.readBigUInt64BE(at)
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : Number.NaN
}

export interface RecordHandlers {
  /** A whole record that is not DATA. */
  onRecord(type: number, payload: Buffer): void
  /** A piece of data, and where it belongs; records are not put together again. */
  onData(offset: number, bytes: Buffer): void
}

/** Cuts a byte stream into records. Keeps at most one header and one small payload. */
export class RecordDecoder {
  readonly #handlers: RecordHandlers
  readonly #header = Buffer.alloc(HEADER_BYTES + OFFSET_BYTES)
  #headerBytes = 0
  #type = 0
  /** Payload bytes that are still to come. */
  #rest = 0
  #offset = 0
  #parts: Buffer[] = []

  constructor(handlers: RecordHandlers) {
    this.#handlers = handlers
  }

  /** @returns undefined, or what is wrong with the bytes: then nothing more may be fed */
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
      const wanted = this.#headerBytes < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + OFFSET_BYTES
      const part = bytes.subarray(at, at + wanted - this.#headerBytes)
      part.copy(this.#header, this.#headerBytes)
      giveBack(part)
      at += part.length
      this.#headerBytes += part.length
      if (this.#headerBytes < wanted) return undefined
      const wrong = this.#begin()
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  /** The header is whole, or of DATA its first half. */
  #begin(): string | undefined {
    this.#type = this.#header.readUInt8(0)
    const length = this.#header.readUIntBE(1, 3)
    if (this.#type !== RECORD.DATA) {
      this.#headerBytes = 0
      if (length > MAX_PAYLOAD_BYTES) return `a record of type ${this.#type} with ${length} bytes`
      this.#rest = length
      if (length === 0) this.#handlers.onRecord(this.#type, NOTHING)
      return undefined
    }
    if (length < OFFSET_BYTES || length > OFFSET_BYTES + MAX_RUN_BYTES) return `a DATA record of ${length} bytes`
    if (this.#headerBytes < HEADER_BYTES + OFFSET_BYTES) return undefined
    this.#headerBytes = 0
    this.#offset = readU64(this.#header, HEADER_BYTES)
    if (Number.isNaN(this.#offset)) return 'data at an offset that cannot be'
    this.#rest = length - OFFSET_BYTES
    return undefined
  }

  #take(part: Buffer): void {
    if (this.#type === RECORD.DATA) {
      const offset = this.#offset
      this.#offset += part.length
      this.#handlers.onData(offset, part)
      return
    }
    // Small, and kept by some: a copy.
    this.#parts.push(Buffer.from(part))
    giveBack(part)
    if (this.#rest > 0) return
    const [first = NOTHING] = this.#parts
    const payload = this.#parts.length === 1 ? first : Buffer.concat(this.#parts)
    this.#parts = []
    this.#handlers.onRecord(this.#type, payload)
  }
}
