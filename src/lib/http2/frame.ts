/** Frames of RFC 9113 §4 and §6: names, and how the ones that a proxy makes itself are written. */
import type { ErrorCode } from './error-code.ts'

/** Octets before each payload (RFC 9113 §4.1). */
export const FRAME_HEADER_BYTES = 9
/** The largest payload that everybody takes, and all that we take (RFC 9113 §4.2). */
export const MAX_PAYLOAD_BYTES = 16_384
/** Windows and increments may be no larger (RFC 9113 §6.9.1), and no stream's id. */
export const MAX_31 = 0x7fffffff

/** RFC 9113 §6. */
export const FRAME = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const

/** ACK has the same bit as END_STREAM: they belong to different types. */
export const FLAG = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const

/** Writes a frame's header. */
export function writeFrameHeader(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  out[at] = length >>> 16
  out[at + 1] = length >>> 8
  out[at + 2] = length
  out[at + 3] = type
  out[at + 4] = flags
  writeStream(out, at, stream)
}

/** Gives a frame to another stream. */
export function writeStream(out: Buffer, at: number, stream: number): void {
  out[at + 5] = stream >>> 24
  out[at + 6] = stream >>> 16
  out[at + 7] = stream >>> 8
  out[at + 8] = stream
}

/** Reads 32 bits without a sign. */
export function read32(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at)
}

/** Reads 31 bits; the first one is reserved and means nothing. */
export function read31(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) & MAX_31
}

/** @param lastStream the highest id that was or may be acted on (RFC 9113 §6.8) */
export function goawayPayload(lastStream: number, code: ErrorCode, why = ''): Buffer {
  const debug = Buffer.from(why)
  const payload = Buffer.alloc(8 + debug.length)
  payload.writeUInt32BE(lastStream, 0)
  payload.writeUInt32BE(code, 4)
  debug.copy(payload, 8)
  return payload
}
