import type { FieldBlock } from '../hpack/field.ts'
import { HeadFields } from './head-fields.ts'
import { badField, malformed, refuseTooLarge } from './malformed.ts'
import { headerField, ROLE, roleOf, verdictOf, WRONG } from './role.ts'

/**
 * Checks the fields behind a body (RFC 9113 §8.1): no pseudo-header fields, and nothing that a reader who merges them into his head would frame or route by
 * (RFC 9110 §6.5.1).
 * @param stream of errors. Throws `Http2Error` of this stream.
 */
export function trailers(block: FieldBlock, stream: number): HeadFields {
  refuseTooLarge(block, stream)
  for (const one of block.fields) {
    const field = headerField(one)
    if (verdictOf(field) === WRONG) throw badField(field, stream)
    const role = roleOf(field.header)
    if (role === ROLE.CONTENT_LENGTH || role === ROLE.HOST || role > ROLE.COOKIE) {
      throw malformed(`${field.name} is no trailer`, stream)
    }
  }
  return new HeadFields(block.fields, 0)
}
