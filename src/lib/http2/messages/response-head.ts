/** What an answer's header block says (RFC 9113 §8.3.2). */
import type { FieldBlock } from '../hpack/field.ts'
import { HeadFields } from './head-fields.ts'
import { badField, malformed, refuseTooLarge } from './malformed.ts'
import { headerField, ROLE, roleOf, verdictOf, WRONG } from './role.ts'

export class ResponseHead extends HeadFields {
  readonly status: number
  /** What its DATA will be, 0 where an answer has none (RFC 9110 §6.4.1); undefined when it is not said. */
  readonly contentLength: number | undefined

  constructor(status: number, contentLength: number | undefined, fields: FieldBlock['fields']) {
    super(fields, 1)
    this.status = status
    this.contentLength = contentLength
  }

  /** Another answer follows (RFC 9110 §15.2). */
  get interim(): boolean {
    return this.status < 200
  }
}

/**
 * @param method of the request
 * @param stream of errors. Throws `Http2Error` of this stream.
 */
export function responseHead(block: FieldBlock, stream: number, method: string): ResponseHead {
  refuseTooLarge(block, stream)
  let status = 0
  let length: number | undefined
  let regular = false
  for (const one of block.fields) {
    const field = headerField(one)
    const verdict = verdictOf(field)
    if (verdict === WRONG) throw badField(field, stream)
    const role = roleOf(field.header)
    if (role === ROLE.STATUS) {
      if (regular || status !== 0) throw malformed(':status stands twice or behind other fields', stream)
      status = verdict
      continue
    }
    if (role > ROLE.COOKIE) throw malformed(`${field.name} is in an answer`, stream)
    regular = true
    if (role !== ROLE.CONTENT_LENGTH) continue
    if (length !== undefined) throw malformed('content-length is not one number', stream)
    length = verdict
  }
  if (status === 0) throw malformed(':status is missing', stream)
  if (status === 101) throw malformed('HTTP/2 has no 101', stream)
  return new ResponseHead(status, bodyLength(status, length, method, stream), block.fields)
}

function bodyLength(status: number, length: number | undefined, method: string, stream: number): number | undefined {
  // RFC 9110 §8.6: neither says a length. A 204 with 0 is seen from real servers, and misleads nobody.
  if (status < 200 && length !== undefined) throw malformed('an interim answer has content-length', stream)
  if (status === 204 && length !== undefined && length > 0) throw malformed('a 204 has content-length', stream)
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0
  // RFC 9110 §9.3.6: what follows is no body, whatever the fields say.
  return method === 'CONNECT' && status < 300 ? undefined : length
}
