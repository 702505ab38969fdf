/** RFC 9113 §4, §6.2, §6.5 and §6.10 by the letter: slow, of bytes that are all there. What it says of them is compared as texts. */
import { createHash } from 'node:crypto'
import { ERROR_CODE } from '../../../src/lib/http2/error-code.ts'

export interface Reading {
  /** Frames, blocks and settings in order. */
  events: string[]
  /** Bytes of whole frames that were read. */
  end: number
  /** The code that the connection ends with. */
  refused: number | undefined
}

/** Ours, not the RFC's (§10.5). */
const MOST_CONTINUATIONS = 32
const MOST_BLOCK_BYTES = 131_072

class Refused extends Error {
  readonly code: number

  constructor(code: number) {
    super(`refused with ${code}`)
    this.code = code
  }
}

export function readByTheLetter(bytes: Buffer): Reading {
  const events: string[] = []
  let end = 0
  let block: { stream: number; ends: boolean; pieces: Buffer[] } | undefined
  const settings = new Map([
    [1, 4096],
    [3, Number.POSITIVE_INFINITY],
    [4, 65_535],
    [5, 16_384],
    [8, 0],
  ])
  try {
    while (bytes.length - end >= 9) {
      const [high = 0, middle = 0, low = 0, type = 0, flags = 0] = bytes.subarray(end, end + 5)
      const length = high * 65_536 + middle * 256 + low
      if (length > 16_384) throw new Refused(ERROR_CODE.FRAME_SIZE_ERROR)
      if (bytes.length - end < 9 + length) break
      const stream = Number(BigInt.asUintN(31, BigInt(bytes.readUInt32BE(end + 5))))
      const payload = bytes.subarray(end + 9, end + 9 + length)
      events.push(shownFrame(type, flags, stream, payload))
      if (block !== undefined && type !== 9) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
      if (type === 1) {
        if (stream === 0) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
        block = { stream, ends: (flags & 1) === 1, pieces: [fragmentOf(payload, flags)] }
      } else if (type === 9) {
        if (block === undefined || stream !== block.stream) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
        block.pieces.push(payload)
      } else if (type === 4 && (flags & 1) === 0) {
        if (stream !== 0) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
        take(settings, payload)
        events.push(shownSettings([...settings.values()]))
      }
      if (block !== undefined) {
        const whole = Buffer.concat(block.pieces)
        const isWhole = (flags & 4) === 4
        if (!isWhole || type === 9) bounded(block.pieces.length, whole.length)
        if (isWhole) {
          events.push(shownBlock(block.stream, block.ends, whole))
          block = undefined
        }
      }
      end += 9 + length
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { events, end, refused: error.code }
  }
  return { events, end, refused: undefined }
}

/** One that is whole at once is a frame, which is bounded. */
function bounded(pieces: number, bytes: number): void {
  if (bytes > MOST_BLOCK_BYTES || pieces > MOST_CONTINUATIONS) throw new Refused(ERROR_CODE.ENHANCE_YOUR_CALM)
}

function fragmentOf(payload: Buffer, flags: number): Buffer {
  const isPadded = (flags & 8) === 8
  const before = (isPadded ? 1 : 0) + ((flags & 32) === 32 ? 5 : 0)
  if (payload.length < before) throw new Refused(ERROR_CODE.FRAME_SIZE_ERROR)
  const padding = isPadded ? (payload[0] ?? 0) : 0
  if (before + padding > payload.length) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
  return payload.subarray(before, payload.length - padding)
}

function take(settings: Map<number, number>, payload: Buffer): void {
  if (payload.length % 6 !== 0) throw new Refused(ERROR_CODE.FRAME_SIZE_ERROR)
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at)
    const value = payload.readUInt32BE(at + 2)
    if (id === 2 && value > 1) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
    if (id === 4 && value > 2 ** 31 - 1) throw new Refused(ERROR_CODE.FLOW_CONTROL_ERROR)
    if (id === 5 && (value < 2 ** 14 || value > 2 ** 24 - 1)) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
    if (id === 8 && (value > 1 || value < (settings.get(8) ?? 0))) throw new Refused(ERROR_CODE.PROTOCOL_ERROR)
    if (settings.has(id)) settings.set(id, value)
  }
}

export const shownFrame = (type: number, flags: number, stream: number, payload: Buffer): string =>
  `frame ${type} ${flags} ${stream} ${octets(payload)}`
export const shownBlock = (stream: number, ends: boolean, block: Buffer): string =>
  `block ${stream} ${ends} ${octets(block)}`
export const shownSettings = (values: number[]): string => `settings ${values.join()}`

const SHOWN_WHOLE = 64
const octets = (bytes: Buffer): string =>
  bytes.length <= SHOWN_WHOLE
    ? bytes.toString('latin1')
    : `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`
