/** node:http's parser (llhttp), called without a connection: some hundred thousand messages a second. */
import http from 'node:http'
import { createRequire } from 'node:module'
import type { Message, Reading, What } from './reading.ts'

/** What Node has and does not declare. */
interface Parser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void
  execute(bytes: Buffer): number | (Error & { code: string })
  finish(): undefined | (Error & { code: string })
  /** Frees it: garbage collection does not see what it holds. */
  close(): void
  [callback: number]: unknown
}
interface ParserClass {
  new (): Parser
  readonly REQUEST: number
  readonly RESPONSE: number
  readonly kOnHeaders: number
  readonly kOnHeadersComplete: number
  readonly kOnBody: number
  readonly kOnMessageComplete: number
}

const { HTTPParser } = createRequire(import.meta.url)('_http_common') as { HTTPParser: ParserClass }
const MAX_HEADER_BYTES = 80 * 1024
/** Numbers of methods are known to the parser only. */
const METHODS: Map<number, string> = new Map(http.METHODS.map((name) => [methodNumber(name), name]))

function methodNumber(name: string): number {
  let number = -1
  const parser = new HTTPParser()
  parser.initialize(HTTPParser.REQUEST, {}, MAX_HEADER_BYTES, 0)
  parser[HTTPParser.kOnHeadersComplete] = (_major: number, _minor: number, _fields: unknown, method: number) => {
    number = method
    return 0
  }
  parser.execute(Buffer.from(`${name} ${name === 'CONNECT' ? 'x:1' : '/'} HTTP/1.1\r\nHost: x\r\n\r\n`))
  return number
}

export function readAsNode(bytes: Buffer, what: What): Reading {
  const reading: Reading = { messages: [], over: 'end', untilClose: false, why: '' }
  let open: Message | undefined
  let flushed: string[] = []
  let flushedUrl = ''
  let isLast = false
  const parser = new HTTPParser()
  parser.initialize(what === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {}, MAX_HEADER_BYTES, 0)
  parser[HTTPParser.kOnHeaders] = (fields: string[], url: string) => {
    // Trailers come here too.
    if (open !== undefined) return
    flushed = flushed.concat(fields)
    flushedUrl += url
  }
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    fields: string[] | undefined,
    method: number | undefined,
    url: string | undefined,
    status: number | undefined,
    _reason: string,
    upgrade: boolean,
    keeps: boolean,
  ) => {
    const start = what === 'request' ? `${METHODS.get(method ?? -1)} ${url ?? flushedUrl}` : String(status)
    open = { start, fields: pairs(fields ?? flushed), body: '' }
    flushed = []
    flushedUrl = ''
    isLast = upgrade || !keeps
    return 0
  }
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    if (open !== undefined) open.body += piece.toString('latin1')
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (open !== undefined && reading.over === 'end') reading.messages.push(open)
    open = undefined
    if (isLast) reading.over = 'last'
  }
  const result = parser.execute(bytes)
  const failure = typeof result === 'number' ? parser.finish() : undefined
  parser.close()
  if (reading.over === 'last') return reading
  if (typeof result !== 'number') return { ...reading, over: 'refused', why: result.code }
  if (reading.over !== 'end') return reading
  if (open !== undefined) return { ...reading, over: 'body' }
  return failure === undefined ? reading : { ...reading, over: 'head' }
}

function pairs(flat: string[]): string[] {
  const fields: string[] = []
  for (let at = 0; at < flat.length; at += 2) {
    fields.push(`${flat[at]?.toLowerCase()}: ${flat[at + 1]?.replace(/^[ \t]+|[ \t]+$/g, '')}`)
  }
  return fields
}
