/** Where the body of a message ends (RFC 9112 §6). */
import { BadMessage, type Head, listOf, type RequestHead, type ResponseHead } from './head.ts'

export type Framing = { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'close' }

const MAX_CHUNK_LINE = 1024
const MAX_TRAILER_BYTES = 16 * 1024

/** Throws `BadMessage` for what two readers could understand differently. */
export function requestFraming(head: RequestHead): Framing {
  const given = givenFraming(head)
  if (given?.kind === 'close') throw new BadMessage(501, 'the transfer coding is unknown')
  return given ?? { kind: 'none' }
}

/** @param method that of the request */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const { status } = head
  if (method === 'HEAD' || status === 204 || status === 304 || status < 200) return { kind: 'none' }
  return givenFraming(head) ?? { kind: 'close' }
}

function givenFraming(head: Head): Framing | undefined {
  const lengths = head.headers.flatMap(([name, value]) => (name === 'content-length' ? [value] : []))
  const codings = listOf(head, 'transfer-encoding').toLowerCase()
  if (codings !== '') {
    if (lengths.length > 0) throw new BadMessage(400, 'both Content-Length and Transfer-Encoding are given')
    if (head.minor === 0) throw new BadMessage(400, 'HTTP/1.0 has no Transfer-Encoding')
    return codings === 'chunked' ? { kind: 'chunked' } : { kind: 'close' }
  }
  const [length] = lengths
  if (length === undefined) return undefined
  if (lengths.length > 1 || !/^\d{1,15}$/.test(length)) throw new BadMessage(400, 'Content-Length is not one number')
  return { kind: 'length', bytes: Number(length) }
}

/** Follows a body as its bytes pass; changes nothing. */
export class BodyReader {
  readonly #kind: Framing['kind']
  #left: number
  #line = ''
  #state: 'size' | 'data' | 'data-end' | 'trailers' = 'size'
  #trailerBytes = 0
  done: boolean

  constructor(framing: Framing) {
    this.#kind = framing.kind
    this.#left = framing.kind === 'length' ? framing.bytes : 0
    this.done = framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)
  }

  /** @returns how many of `bytes` belong to the body; then `done` may be true. Throws `BadMessage`. */
  take(bytes: Buffer): number {
    if (this.done) return 0
    if (this.#kind === 'close') return bytes.length
    if (this.#kind === 'chunked') return this.#takeChunks(bytes)
    const taken = Math.min(this.#left, bytes.length)
    this.#left -= taken
    this.done = this.#left === 0
    return taken
  }

  #takeChunks(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && !this.done) {
      if (this.#state === 'data') {
        const taken = Math.min(this.#left, bytes.length - at)
        at += taken
        this.#left -= taken
        if (this.#left === 0) this.#state = 'data-end'
        continue
      }
      const end = bytes.indexOf(10, at)
      this.#line += bytes.toString('latin1', at, end < 0 ? bytes.length : end)
      if (this.#line.length > MAX_CHUNK_LINE) throw new BadMessage(400, 'a line of the chunked coding is too long')
      if (end < 0) return bytes.length
      at = end + 1
      if (!this.#line.endsWith('\r')) throw new BadMessage(400, 'a chunk line ends without a carriage return')
      this.#takeLine(this.#line.slice(0, -1))
      this.#line = ''
    }
    return at
  }

  #takeLine(line: string): void {
    if (this.#state === 'data-end') {
      if (line !== '') throw new BadMessage(400, 'a chunk is longer than it says')
      this.#state = 'size'
    } else if (this.#state === 'size') {
      const size = /^([0-9a-fA-F]{1,13})(?:[ \t]*;[ -~\t]*)?$/.exec(line)?.[1]
      if (size === undefined) throw new BadMessage(400, 'a chunk size is malformed')
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailers' : 'data'
    } else {
      this.#trailerBytes += line.length + 2
      if (this.#trailerBytes > MAX_TRAILER_BYTES) throw new BadMessage(400, 'the trailers are too long')
      this.done = line === ''
    }
  }
}
