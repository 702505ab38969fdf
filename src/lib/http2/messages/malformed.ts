import { ERROR_CODE } from '../error-code.ts'
import type { FieldBlock } from '../hpack/field.ts'
import type { HeaderField } from '../hpack/header-field.ts'
import { Http2Error } from '../http2-error.ts'
import { ROLE, roleOf } from './role.ts'

/** A message that nobody may pass on (RFC 9113 §8.1.1): an error of its stream. */
export function malformed(why: string, stream: number): Http2Error {
  return new Http2Error(ERROR_CODE.PROTOCOL_ERROR, why, stream)
}

/** Of a field that is wrong wherever it stands. Its name is said only when it is one of ours to know. */
export function badField(field: HeaderField, stream: number): Http2Error {
  switch (roleOf(field.header)) {
    case ROLE.MALFORMED:
      return malformed('a field name is malformed', stream)
    case ROLE.CONNECTION:
      return malformed(`${field.name} is a field of connections`, stream)
    case ROLE.PLAIN:
    case ROLE.COOKIE:
      return malformed('a field value is malformed', stream)
    default:
      return malformed(`${field.name} is malformed`, stream)
  }
}

/** What is known of such a block is not all: nobody may act on it. A server answers it with 431 before it comes so far (RFC 9113 §10.5.1). */
export function refuseTooLarge(block: FieldBlock, stream: number): void {
  if (block.tooLarge) throw new Http2Error(ERROR_CODE.ENHANCE_YOUR_CALM, 'the header list is too large', stream)
}
