/** Heads of HTTP/1 messages (RFC 9112 §2 to §5), read strictly: what two readers could understand differently is refused. */
import { BadMessage } from './bad-message.ts'
import { Fields, MAX_HEAD_BYTES } from './fields.ts'
import { CR, LF, SP, TARGET, TOKEN, VALUE } from './octets.ts'

export { BadMessage, MAX_HEAD_BYTES }

class Head {
  readonly fields: Fields
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minor: number

  constructor(minor: number, fields: Fields) {
    this.minor = minor
    this.fields = fields
  }

  /** Bytes of the head, with its empty line. */
  get bytes(): number {
    return this.fields.end
  }

  /** Names in lower case, in order; repeated ones stand repeatedly. Made anew each time. */
  get headers(): [name: string, value: string][] {
    return this.fields.all
  }

  /** Whether the sender keeps the connection after this message (RFC 9112 §9.3). */
  get keepsAlive(): boolean {
    return !this.fields.closes && (this.minor === 1 || this.fields.keeps)
  }
}

export type { Head }

export class RequestHead extends Head {
  readonly method: string
  readonly #buffer: Buffer
  readonly #target: { from: number; to: number }

  constructor(buffer: Buffer, line: { method: string; from: number; to: number; minor: number }, fields: Fields) {
    super(line.minor, fields)
    this.method = line.method
    this.#buffer = buffer
    this.#target = line
  }

  /** As sent. */
  get target(): string {
    return this.#buffer.toString('latin1', this.#target.from, this.#target.to)
  }
}

export class ResponseHead extends Head {
  readonly status: number

  constructor(status: number, minor: number, fields: Fields) {
    super(minor, fields)
    this.status = status
  }
}

/** @returns undefined while the head is incomplete. Throws `BadMessage`. */
export function readRequestHead(buffer: Buffer): RequestHead | undefined {
  const line = readRequestLine(buffer)
  const fields = line && Fields.read(buffer, line.next)
  if (!bounded(buffer, fields)) return undefined
  if (line === undefined || fields === undefined) return undefined
  if (fields.hosts > 1 || (line.minor === 1 && fields.hosts === 0)) {
    throw new BadMessage(400, 'an HTTP/1.1 request has one Host header')
  }
  if (!fields.namesHosts) throw new BadMessage(400, 'the Host header names no host')
  return new RequestHead(buffer, line, fields)
}

/** @returns undefined while the head is incomplete. Throws `BadMessage`. */
export function readResponseHead(buffer: Buffer): ResponseHead | undefined {
  const line = readStatusLine(buffer)
  const fields = line && Fields.read(buffer, line.next)
  if (!bounded(buffer, fields)) return undefined
  return line && fields && new ResponseHead(line.status, line.minor, fields)
}

/** Whether a head is whole. Throws for one that is too large, or will be. */
function bounded({ length }: Buffer, fields: Fields | undefined): boolean {
  if ((fields?.end ?? length) > MAX_HEAD_BYTES + 4) throw new BadMessage(431, 'the head is larger than 64 KiB')
  return fields !== undefined
}

/** @returns undefined while the line is incomplete */
function readRequestLine(
  buffer: Buffer,
): { method: string; from: number; to: number; minor: number; next: number } | undefined {
  const { length } = buffer
  let at = 0
  while (at < length && TOKEN[buffer[at] as number] !== 0) at++
  // A carriage return alone may be half of an empty line before the request.
  if (at === length || (length === 1 && buffer[0] === CR)) return undefined
  const method = methodOf(buffer, at)
  if (at === 0 || buffer[at] !== SP) throw malformed()
  const from = ++at
  while (at < length && TARGET[buffer[at] as number] === 1) at++
  if (at === length) return undefined
  if (at === from || buffer[at] !== SP) throw malformed()
  const minor = readVersion(buffer, at + 1, malformed)
  const next = at + 9
  if (minor === undefined || next >= length) return undefined
  if (buffer[next] !== CR) throw malformed()
  if (next + 1 >= length) return undefined
  if (buffer[next + 1] !== LF) throw malformed()
  return { method, from, to: at, minor, next: next + 2 }
}

function methodOf(buffer: Buffer, to: number): string {
  // Most are this one.
  if (to === 3 && buffer[0] === 71 && buffer[1] === 69 && buffer[2] === 84) return 'GET'
  return buffer.toString('latin1', 0, to)
}

/** @returns undefined while the line is incomplete */
function readStatusLine(buffer: Buffer): { status: number; minor: number; next: number } | undefined {
  const minor = readVersion(buffer, 0, unreadable)
  if (minor === undefined || buffer.length < 13) return undefined
  let status = 0
  for (let at = 9; at < 12; at++) {
    const digit = (buffer[at] as number) - 48
    if (digit < 0 || digit > 9) throw unreadable()
    status = status * 10 + digit
  }
  if (buffer[8] !== SP || status < 100) throw unreadable()
  let at = 12
  if (buffer[at] === SP) while (at < buffer.length && VALUE[buffer[at] as number] === 1) at++
  if (at >= buffer.length) return undefined
  if (buffer[at] !== CR) throw unreadable()
  if (at + 1 === buffer.length) return undefined
  if (buffer[at + 1] !== LF) throw unreadable()
  return { status, minor, next: at + 2 }
}

const VERSION = Buffer.from('HTTP/1.')

/** @returns the minor number at `from`, or undefined while it is incomplete */
function readVersion(buffer: Buffer, from: number, wrong: () => BadMessage): number | undefined {
  for (let index = 0; index < VERSION.length; index++) {
    const octet = buffer[from + index]
    if (octet === undefined) return undefined
    if (octet !== VERSION[index]) throw wrong()
  }
  const minor = buffer[from + VERSION.length]
  if (minor === undefined) return undefined
  if (minor !== 48 && minor !== 49) throw wrong()
  return minor - 48
}

function malformed(): BadMessage {
  return new BadMessage(400, 'the request line is malformed')
}

function unreadable(): BadMessage {
  return new BadMessage(502, 'the status line is malformed')
}
