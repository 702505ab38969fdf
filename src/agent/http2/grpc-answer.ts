/** The agent's own answers to gRPC calls, as clients of gRPC show them: trailers only (gRPC over HTTP/2, Responses). */
import { GRPC_CONTENT_TYPE } from '../../lib/filter/grpc.ts'
import { encodeBlock, field } from '../../lib/http2/hpack/encode.ts'
import type { HeadFields } from '../../lib/http2/messages/head-fields.ts'

/** Status codes of gRPC. */
const UNKNOWN = 2
const RESOURCE_EXHAUSTED = 8
const UNIMPLEMENTED = 12
const INTERNAL = 13
const UNAVAILABLE = 14

/** Whether a request is a gRPC call. gRPC-Web is not: its trailers stand in the body. */
export function isGrpc(head: HeadFields): boolean {
  const type = head.list('content-type')
  if (!type.startsWith(GRPC_CONTENT_TYPE)) return false
  const next = type.charAt(GRPC_CONTENT_TYPE.length)
  return next === '' || next === '+' || next === ';'
}

/** @param status that a request of HTTP would be answered with; @param code of the catalogue */
export function grpcAnswer(status: number, code: string, text: string): Buffer {
  return encodeBlock([
    field(':status', '200'),
    field('content-type', GRPC_CONTENT_TYPE),
    field('grpc-status', `${grpcStatus(status)}`),
    field('grpc-message', percentEncoded(`${code}: ${text}`)),
    field('x-remocal-error', code),
  ])
}

/** What gRPC's mapping of HTTP's codes makes of it, and for limits what they are. */
function grpcStatus(status: number): number {
  if (status === 413 || status === 431) return RESOURCE_EXHAUSTED
  if (status === 400) return INTERNAL
  if (status === 404 || status === 501) return UNIMPLEMENTED
  return status === 429 || status >= 502 ? UNAVAILABLE : UNKNOWN
}

/** Octets but printable ASCII, and `%`, as `%XX`. */
function percentEncoded(text: string): string {
  let encoded = ''
  for (const octet of Buffer.from(text)) {
    const isPlain = octet >= 0x20 && octet <= 0x7e && octet !== 0x25
    encoded += isPlain ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}
