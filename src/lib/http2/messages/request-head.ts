/** What a request's header block says (RFC 9113 §8.3.1, §8.5; RFC 8441). What two readers could understand differently is malformed. */
import type { FieldBlock } from '../hpack/field.ts'
import type { HeaderField } from '../hpack/header-field.ts'
import { HeadFields } from './head-fields.ts'
import { badField, malformed, refuseTooLarge } from './malformed.ts'
import { ASTERISK, headerField, ROLE, roleOf, verdictOf, WRONG } from './role.ts'

export class RequestHead extends HeadFields {
  readonly method: string
  /** Of CONNECT, which has none, `""`; otherwise as sent. */
  readonly scheme: string
  /** `:authority`, or else Host. */
  readonly authority: string
  /** Path and query as sent, or `*`; `""` of CONNECT. */
  readonly path: string
  /** Of an extended CONNECT (RFC 8441). */
  readonly protocol: string | undefined
  /** What the body's DATA will be; undefined when it is not said, and of CONNECT, whose DATA is no body (RFC 9110 §8.6). */
  readonly contentLength: number | undefined

  constructor(found: Found, fields: FieldBlock['fields']) {
    super(fields, found.pseudo)
    this.method = found.method?.value ?? ''
    this.scheme = found.scheme?.value ?? ''
    this.authority = (found.authority ?? found.host)?.value ?? ''
    this.path = found.path?.value ?? ''
    this.protocol = found.protocol?.value
    this.contentLength = this.method === 'CONNECT' ? undefined : found.contentLength
  }

  /** Whether what follows is no body but bytes of a connection. */
  get connects(): boolean {
    return this.method === 'CONNECT'
  }
}

/** @param stream of errors. Throws `Http2Error` of this stream. */
export function requestHead(block: FieldBlock, stream: number): RequestHead {
  refuseTooLarge(block, stream)
  const found = new Found()
  for (const one of block.fields) {
    const field = headerField(one)
    const verdict = verdictOf(field)
    if (verdict === WRONG) throw badField(field, stream)
    const role = roleOf(field.header)
    if (role === ROLE.PLAIN) found.regular = true
    else found.take(role, field, verdict, stream)
  }
  found.check(stream)
  return new RequestHead(found, block.fields)
}

class Found {
  method: HeaderField | undefined
  scheme: HeaderField | undefined
  authority: HeaderField | undefined
  path: HeaderField | undefined
  protocol: HeaderField | undefined
  host: HeaderField | undefined
  contentLength: number | undefined
  regular = false
  pseudo = 0

  take(role: number, field: HeaderField, verdict: number, stream: number): void {
    if (role >= ROLE.METHOD) {
      if (this.regular) throw malformed('a pseudo-header field stands behind others', stream)
      this.pseudo++
    } else this.regular = true
    switch (role) {
      case ROLE.METHOD:
        this.method = once(this.method, field, stream)
        return
      case ROLE.SCHEME:
        this.scheme = once(this.scheme, field, stream)
        return
      case ROLE.AUTHORITY:
        this.authority = once(this.authority, field, stream)
        return
      case ROLE.PATH:
        this.path = once(this.path, field, stream)
        return
      case ROLE.PROTOCOL:
        this.protocol = once(this.protocol, field, stream)
        return
      case ROLE.STATUS:
        throw malformed(':status is in a request', stream)
      case ROLE.HOST:
        this.host = once(this.host, field, stream)
        return
      case ROLE.CONTENT_LENGTH:
        if (this.contentLength !== undefined) throw malformed('content-length is not one number', stream)
        this.contentLength = verdict
    }
  }

  check(stream: number): void {
    const { method, scheme, path, authority, host } = this
    if (method === undefined) throw malformed(':method is missing', stream)
    const connects = method.value === 'CONNECT'
    if (this.protocol !== undefined && !connects) throw malformed(':protocol is for CONNECT only', stream)
    if (connects && this.protocol === undefined) {
      if (scheme !== undefined || path !== undefined) throw malformed('CONNECT has a scheme or path', stream)
      if (authority === undefined) throw malformed(':authority is missing', stream)
    } else {
      if (scheme === undefined) throw malformed(':scheme is missing', stream)
      if (path === undefined) throw malformed(':path is missing', stream)
      if (path.verdict === ASTERISK && method.value !== 'OPTIONS') throw malformed('only OPTIONS asks for *', stream)
    }
    // RFC 9113 asks for it of http and https only; servers ask for it of all, and HTTP/1.1 does.
    if (authority === undefined && host === undefined) throw malformed(':authority is missing', stream)
    if (authority?.value === '' || host?.value === '') throw malformed(':authority is empty', stream)
    if (host !== undefined && authority !== undefined && !isSameHost(authority, host, scheme)) {
      throw malformed('host differs from :authority', stream)
    }
  }
}

function once(earlier: HeaderField | undefined, field: HeaderField, stream: number): HeaderField {
  if (earlier !== undefined) throw malformed(`${field.name} stands twice`, stream)
  return field
}

/** RFC 9113 §8.3.1, compared as RFC 9110 §4.2.3 normalizes. */
function isSameHost(authority: HeaderField, host: HeaderField, scheme: HeaderField | undefined): boolean {
  if (authority.value === host.value) return true
  const suffix = scheme?.value.toLowerCase() === 'https' ? ':443' : ':80'
  return normalized(authority.value, suffix) === normalized(host.value, suffix)
}

function normalized(host: string, suffix: string): string {
  const lower = host.toLowerCase()
  return lower.endsWith(suffix) ? lower.slice(0, -suffix.length) : lower.endsWith(':') ? lower.slice(0, -1) : lower
}
