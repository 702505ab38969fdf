/** What the recorded bytes of a connection of HTTP/2 say: each request and its answer as a text, whatever frames and tables carried them. */
import { createHash, type Hash } from 'node:crypto'
import { ERROR_CODE } from '../../../src/lib/http2/error-code.ts'
import { FLAG, FRAME, FRAME_HEADER_BYTES, read31, read32 } from '../../../src/lib/http2/frame.ts'
import { HpackDecoder } from '../../../src/lib/http2/hpack/decoder.ts'
import type { Field } from '../../../src/lib/http2/hpack/field.ts'
import { PREFACE } from '../../../src/lib/http2/preface.ts'
import type { Recorded } from '../../peers/relay.ts'

/** Larger than any table that a peer allows: it is the other's affair to keep to what was allowed. */
const TABLE_BYTES = 1 << 24
const LIST_BYTES = 1 << 24
const NO_ERROR = 0
/** The first stream of a connection that was upgraded (RFC 7540 §3.2). */
const UPGRADED = 1

/** One direction of a stream. */
class Half {
  blocks: string[] = []
  bytes = 0
  readonly hash: Hash = createHash('sha256')
  ended = false
  reset: number | undefined

  /** Its body, and the fields behind it. */
  get rest(): string {
    return `${this.bytes} bytes ${this.hash.copy().digest('hex').slice(0, 12)}\n${this.blocks.slice(1).join('')}`
  }
}

/** @returns one text for each exchange, those of HTTP/1.1 before an upgrade as they came */
export function exchangesOf({ sent, answered }: Recorded): string[] {
  const preface = sent.indexOf(PREFACE)
  if (preface < 0) return isUnused(sent, answered) ? [] : [plain(`${withoutOffer(latin(sent))}\n${latin(answered)}`)]
  const switched = answered.indexOf('HTTP/1.1 101') === 0 ? answered.indexOf('\r\n\r\n') + 4 : 0
  const requests = halves(sent.subarray(preface + PREFACE.length))
  const answers = halves(answered.subarray(switched))
  const texts = [...requests]
    // A client that is told so asks again; how often is a matter of when it hears of the server's limit.
    .filter(([id]) => answers.get(id)?.reset !== ERROR_CODE.REFUSED_STREAM)
    .map(([id, request]) => textOf(request, answers.get(id) ?? new Half()))
  if (switched === 0) return texts
  const asked = latin(sent.subarray(0, preface)).replace(/^HTTP2-Settings: .*$/m, 'HTTP2-Settings')
  const upgraded = `${asked}\n${latin(answered.subarray(0, switched))}${answers.get(UPGRADED)?.blocks[0] ?? ''}`
  return [plain(`${upgraded}${answers.get(UPGRADED)?.rest ?? ''}`), ...texts]
}

/**
 * Of a connection on which nothing was asked. net/http opens some that it does not need in the end, as it is told how many streams each may have; a server may begin with its
 * SETTINGS (RFC 9113 §3.4), and the agent waits for what the client says.
 */
function isUnused(sent: Buffer, answered: Buffer): boolean {
  return sent.length === 0 && (answered.length === 0 || answered[3] === FRAME.SETTINGS)
}

/**
 * Of an exchange that is given up only its beginning is a matter of what was said. `X-Gives-Up` marks those whose client does so while the server may be answering, and both ends
 * watch a deadline.
 */
function textOf(request: Half, answer: Half): string {
  const head = request.blocks[0] ?? ''
  if (/^(grpc-timeout|x-gives-up):/m.test(head)) return plain(`${head}given up`)
  const isWhole = request.ended && answer.ended
  const reset = isWhole ? undefined : (request.reset ?? answer.reset)
  if (!isWhole && reset === undefined) return plain(`${head}${answer.blocks[0] ?? ''}neither whole nor reset`)
  if (reset === undefined) return plain(`${head}${request.rest}${answer.blocks[0] ?? ''}${answer.rest}`)
  // Who has answered without the whole request (RFC 9113 §8.1).
  if (answer.ended) return plain(`${head}not whole\n${answer.blocks[0] ?? ''}${answer.rest}reset ${reset}`)
  return plain(`${head}${answer.blocks[0] ?? ''}reset ${reset} by ${request.reset === undefined ? 'server' : 'client'}`)
}

/** What one end said on each stream. */
function halves(bytes: Buffer): Map<number, Half> {
  const decoder = new HpackDecoder({ tableBytes: TABLE_BYTES, listBytes: LIST_BYTES })
  const streams = new Map<number, Half>()
  let block: Buffer[] = []
  let ends = false
  for (let at = 0; at + FRAME_HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3)
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5)
    const id = read31(bytes, at + 5)
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + length)
    at += FRAME_HEADER_BYTES + length
    const half = streams.get(id) ?? new Half()
    if (type === FRAME.DATA) {
      const data = unpadded(payload, flags)
      half.bytes += data.length
      half.hash.update(data)
      half.ended ||= (flags & FLAG.END_STREAM) !== 0
    } else if (type === FRAME.HEADERS || type === FRAME.CONTINUATION) {
      if (type === FRAME.HEADERS) {
        block = [unpadded(payload, flags).subarray(flags & FLAG.PRIORITY ? 5 : 0)]
        ends = (flags & FLAG.END_STREAM) !== 0
      } else block.push(payload)
      if ((flags & FLAG.END_HEADERS) === 0) continue
      const { fields } = decoder.decode(Buffer.concat(block))
      streams.set(id, half)
      half.blocks.push(`${fields.map(line).join('')}\n`)
      half.ended ||= ends
    } else if (type === FRAME.RST_STREAM) half.reset = read32(payload, 0)
  }
  for (const half of streams.values()) if (half.reset === NO_ERROR && half.ended) half.reset = undefined
  return streams
}

/** Binary metadata of gRPC goes as octets behind a zero where both ends of a connection said that they may, otherwise in base64. */
function line({ name, value }: Field): string {
  if (!name.endsWith('-bin')) return `${name}: ${value}\n`
  const octets = value.startsWith('\0') ? Buffer.from(value.slice(1), 'latin1') : Buffer.from(value, 'base64')
  return `${name}: ${octets.toString('hex')}\n`
}

function unpadded(payload: Buffer, flags: number): Buffer {
  return (flags & FLAG.PADDED) === 0 ? payload : payload.subarray(1, payload.length - (payload[0] ?? 0))
}

const latin = (bytes: Buffer): string => bytes.toString('latin1')

/** An offer of h2c is each connection's own, and its settings are (RFC 7540 §3.2.1): where it is not taken nothing comes of it. */
function withoutOffer(text: string): string {
  return text.replace(/^(Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: .*)\r\n/gm, '')
}

/** Without what is new each time. */
export const plain = (text: string): string => text.replace(/^(date|grpc-timeout|last-modified): .*$/gim, '$1')
