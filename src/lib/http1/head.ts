/** Heads of HTTP/1 messages (RFC 9112 §2 to §5), read strictly: what two readers could understand differently is refused. */

export const MAX_HEAD_BYTES = 64 * 1024

export interface Head {
  /** Bytes of the head, with its empty line. */
  bytes: number
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minor: number
  /** Names in lower case, in order; repeated ones stand repeatedly. */
  headers: [name: string, value: string][]
}

export interface RequestHead extends Head {
  method: string
  target: string
}

export interface ResponseHead extends Head {
  status: number
}

/** The request or answer cannot be passed on. */
export class BadMessage extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~\u0080-\u00ff]+) HTTP\/1\.([01])$/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const BAD_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]/

/** @returns undefined while the head is incomplete. Throws `BadMessage`. */
export function readRequestHead(buffer: Buffer): RequestHead | undefined {
  const head = readHead(buffer)
  if (head === undefined) return undefined
  const match = REQUEST_LINE.exec(head.start)
  if (match === null) throw new BadMessage(400, 'the request line is malformed')
  const [, method = '', target = '', minor] = match
  const { bytes, headers } = head
  if (minor === '1' && headers.filter(([name]) => name === 'host').length !== 1) {
    throw new BadMessage(400, 'an HTTP/1.1 request has one Host header')
  }
  return { bytes, method, target, minor: Number(minor), headers }
}

/** @returns undefined while the head is incomplete. Throws `BadMessage`. */
export function readResponseHead(buffer: Buffer): ResponseHead | undefined {
  const head = readHead(buffer)
  if (head === undefined) return undefined
  const match = STATUS_LINE.exec(head.start)
  if (match === null) throw new BadMessage(502, 'the status line is malformed')
  return { bytes: head.bytes, status: Number(match[2]), minor: Number(match[1]), headers: head.headers }
}

function readHead(buffer: Buffer): { start: string; headers: Head['headers']; bytes: number } | undefined {
  const end = buffer.indexOf('\r\n\r\n')
  if (end < 0 || end > MAX_HEAD_BYTES) {
    if (buffer.length > MAX_HEAD_BYTES) throw new BadMessage(431, 'the head is larger than 64 KiB')
    if (hasBareLineFeed(buffer)) throw new BadMessage(400, 'a line ends without a carriage return')
    return undefined
  }
  const [start = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n')
  return { start, headers: lines.map(readField), bytes: end + 4 }
}

function readField(line: string): [string, string] {
  const at = line.indexOf(':')
  const name = line.slice(0, Math.max(at, 0))
  if (!TOKEN.test(name)) throw new BadMessage(400, 'a header line is malformed')
  const value = line.slice(at + 1).replace(/^[ \t]+|[ \t]+$/g, '')
  if (BAD_VALUE.test(value)) throw new BadMessage(400, 'a header has a control character')
  return [name.toLowerCase(), value]
}

function hasBareLineFeed(buffer: Buffer): boolean {
  for (let at = buffer.indexOf(10); at >= 0; at = buffer.indexOf(10, at + 1)) {
    if (buffer[at - 1] !== 13) return true
  }
  return false
}

/** All values of a header, joined as one list (RFC 9110 §5.3); empty when absent. */
export function listOf(head: Head, name: string): string {
  return head.headers.flatMap(([key, value]) => (key === name ? [value] : [])).join(', ')
}

/** Whether the sender keeps the connection after this message (RFC 9112 §9.3). */
export function keepsAlive(head: Head): boolean {
  const options = listOf(head, 'connection')
    .toLowerCase()
    .split(/\s*,\s*/)
  if (options.includes('close')) return false
  return head.minor === 1 || options.includes('keep-alive')
}
