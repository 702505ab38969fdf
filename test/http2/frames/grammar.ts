/** What a client may send behind its preface: mostly right, with mistakes now and then, from a seed; and how it comes in pieces. */
import { FLAG, FRAME, FRAME_HEADER_BYTES, writeFrameHeader } from '../../../src/lib/http2/frame.ts'
import type { Random } from '../../chaos/random.ts'

const TYPES = [
  ...[FRAME.HEADERS, FRAME.HEADERS, FRAME.HEADERS, FRAME.DATA, FRAME.DATA, FRAME.SETTINGS, FRAME.WINDOW_UPDATE],
  ...[FRAME.RST_STREAM, FRAME.PING, FRAME.PRIORITY, FRAME.GOAWAY, FRAME.DATA, 0xf0],
]
const ODD_STREAMS = [0, 1, 2, 9, 0x7fffffff, 0xffffffff]
/** By type, where only one length is right. */
const LENGTHS = new Map<number, number>([
  [FRAME.SETTINGS, 6],
  [FRAME.WINDOW_UPDATE, 4],
  [FRAME.RST_STREAM, 4],
  [FRAME.PING, 8],
  [FRAME.PRIORITY, 5],
  [FRAME.GOAWAY, 8],
])
/** `GET / http` of `orders`. */
const REQUEST = Buffer.from([0x82, 0x86, 0x84, 0x41, 6, ...Buffer.from('orders')])
/** A field of the static table, which may come often. */
const USER_AGENT = 0x80 + 58
const ROOM = Buffer.alloc(400_000)

/** The bytes are good until the next call. */
export function sent(random: Random): Buffer {
  let at = 0
  if (random.int(0, 15) > 0) at = frame(at, FRAME.SETTINGS, 0, 0, random.int(0, 3) * 6, random)
  let open = 0
  let last = -1
  for (let frames = random.int(0, 9); frames > 0; frames--) {
    const continues = open > 0 && random.int(0, 15) > 0
    const opens = last < 1 && random.int(0, 15) > 0
    const type = continues ? FRAME.CONTINUATION : opens ? FRAME.HEADERS : typeOf(random)
    const flags = flagsOf(type, random)
    const stream = streamOf(type, open, last, random)
    if (type === FRAME.HEADERS && stream < 100) last = Math.max(last, stream)
    if (type === FRAME.HEADERS || type === FRAME.CONTINUATION) {
      if (random.int(0, 2000) === 0) frames += random.int(30, 40)
      open = (flags & FLAG.END_HEADERS) === 0 ? stream : 0
    }
    at = frame(at, type, flags, stream, lengthOf(type, random), random)
    if (at > ROOM.length - 70_000) break
  }
  return mistaken(ROOM.subarray(0, at), random)
}

/** Where the bytes are cut. */
export function cuts(length: number, random: Random): number[] {
  const all: number[] = []
  for (
    let at = random.int(0, 40);
    at < length;
    at += random.int(1, 2) === 1 ? random.int(1, 12) : random.int(1, 4000)
  ) {
    all.push(at)
  }
  return [...all, length]
}

function typeOf(random: Random): number {
  if (random.int(0, 60) === 0) return random.int(0, 10)
  return TYPES[random.int(0, TYPES.length - 1)] as number
}

function flagsOf(type: number, random: Random): number {
  if (type === FRAME.HEADERS) {
    const wanted = random.int(0, 5) > 0 ? FLAG.END_HEADERS : 0
    return wanted | (random.int(0, 1) * FLAG.END_STREAM) | (random.int(0, 7) === 0 ? random.int(0, 255) : 0)
  }
  if (type === FRAME.CONTINUATION) return random.int(0, 2) > 0 ? FLAG.END_HEADERS : 0
  return random.int(0, 3) > 0 ? 0 : random.int(0, 255)
}

/** @param open whose block is not whole. @param last the stream that was opened last */
function streamOf(type: number, open: number, last: number, random: Random): number {
  if (open > 0 && random.int(0, 15) > 0) return open
  if (random.int(0, 60) === 0) return ODD_STREAMS[random.int(0, ODD_STREAMS.length - 1)] as number
  if (type === FRAME.SETTINGS || type === FRAME.PING || type === FRAME.GOAWAY) return 0
  if (type === FRAME.WINDOW_UPDATE && random.int(0, 1) === 0) return 0
  if (type === FRAME.HEADERS && (last < 1 || random.int(0, 3) > 0)) return last + 2
  return Math.max(1, last - 2 * random.int(0, 2))
}

function lengthOf(type: number, random: Random): number {
  const right = LENGTHS.get(type)
  if (right !== undefined && random.int(0, 15) > 0) return type === FRAME.SETTINGS ? right * random.int(0, 2) : right
  const kind = random.int(0, 400)
  if (kind === 0) return random.int(16_380, 16_390)
  if (kind === 1) return random.int(0, 65_000)
  return random.int(0, 60)
}

/** @returns where the next one begins */
function frame(at: number, type: number, flags: number, stream: number, length: number, random: Random): number {
  writeFrameHeader(ROOM, at, length, type, flags, stream)
  const from = at + FRAME_HEADER_BYTES
  if (type === FRAME.HEADERS && length < 100 && random.int(0, 20) > 0) {
    const before = ((flags & FLAG.PADDED) === 0 ? 0 : 1) + ((flags & FLAG.PRIORITY) === 0 ? 0 : 5)
    const size = before + REQUEST.length
    writeFrameHeader(ROOM, at, size, type, flags, stream)
    ROOM.fill(0, from, from + before)
    REQUEST.copy(ROOM, from + before)
    return from + size
  }
  if (type === FRAME.SETTINGS) {
    for (let one = from; one < from + length; one += 6) {
      const id = random.int(0, 9)
      const isAny = random.int(0, 30) === 0 || !RIGHT_VALUES.has(id)
      ROOM.writeUInt16BE(id, one)
      ROOM.writeUInt32BE(
        isAny ? (VALUES[random.int(0, VALUES.length - 1)] as number) : (RIGHT_VALUES.get(id) ?? 0),
        one + 2,
      )
    }
    return from + length
  }
  if (type === FRAME.CONTINUATION && random.int(0, 20) > 0) {
    ROOM.fill(USER_AGENT, from, from + length)
    return from + length
  }
  // Few octets are new: what is there from other frames is as good.
  for (let octets = Math.min(length, 12), one = from; octets > 0; octets--, one++) ROOM[one] = random.int(0, 255)
  // Windows are wide enough for some of them.
  if (type === FRAME.WINDOW_UPDATE && random.int(0, 15) > 0) ROOM[from] = 0
  return from + length
}

/** By setting, where not every value is right. */
const RIGHT_VALUES = new Map([
  [2, 0],
  [4, 100],
  [5, 20_000],
  [8, 1],
])
const VALUES = [0, 1, 1, 100, 4096, 16_384, 65_535, 1_000_000, 16_777_215, 16_777_216, 0x7fffffff, 0xffffffff]

/** Now and then an octet is another one, or all behind it is missing. */
function mistaken(bytes: Buffer, random: Random): Buffer {
  if (bytes.length === 0) return bytes
  const at = random.int(0, bytes.length - 1)
  const kind = random.int(0, 11)
  if (kind === 0) return bytes.subarray(0, at)
  if (kind === 1) bytes[at] = random.int(0, 255)
  return bytes
}
