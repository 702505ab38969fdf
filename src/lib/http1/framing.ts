/** Where the body of a message ends (RFC 9112 §6). */
import { BadMessage } from './bad-message.ts'
import type { Head, RequestHead, ResponseHead } from './head.ts'

export type Framing = { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'close' }

const NONE: Framing = { kind: 'none' }
const CHUNKED: Framing = { kind: 'chunked' }
const CLOSE: Framing = { kind: 'close' }

/** Throws `BadMessage` for what two readers could understand differently. */
export function requestFraming(head: RequestHead): Framing {
  const given = givenFraming(head)
  // Also `gzip, chunked`: its end could be found, but who does not know a coding must not guess (RFC 9112 §6.1).
  if (given === CLOSE) throw new BadMessage(501, 'the transfer coding is unknown')
  return given ?? NONE
}

/** @param method that of the request */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const { status } = head
  if (method === 'HEAD' || status === 204 || status === 304 || status < 200) return NONE
  const given = givenFraming(head) ?? CLOSE
  // Who reads the answer undoes other codings; its end is that of the last one (RFC 9112 §6.3).
  return given === CLOSE && endsChunked(head) ? CHUNKED : given
}

function endsChunked({ fields }: Head): boolean {
  if (fields.codings === 0) return false
  const codings = fields
    .list('transfer-encoding')
    .toLowerCase()
    .split(/[ \t]*,[ \t]*/)
  return !codings.includes('') && codings.indexOf('chunked') === codings.length - 1
}

function givenFraming({ fields, minor }: Head): Framing | undefined {
  if (fields.codings > 0) {
    if (fields.lengths > 0) throw new BadMessage(400, 'both Content-Length and Transfer-Encoding are given')
    if (minor === 0) throw new BadMessage(400, 'HTTP/1.0 has no Transfer-Encoding')
    return fields.codings === 1 && fields.chunked ? CHUNKED : CLOSE
  }
  if (fields.lengths === 0) return undefined
  if (fields.lengths > 1 || fields.length < 0) throw new BadMessage(400, 'Content-Length is not one number')
  return fields.length === 0 ? NONE : { kind: 'length', bytes: fields.length }
}
