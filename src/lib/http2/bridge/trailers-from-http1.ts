import { Fields } from '../../http1/fields.ts'
import { field } from '../hpack/encode.ts'
import type { Field } from '../hpack/field.ts'
import { connectionFields } from './connection-fields.ts'

const isOfConnection = connectionFields('')
/** RFC 9110 §6.5.1. */
const NO_TRAILERS: ReadonlySet<string> = new Set(['content-length', 'host'])

/**
 * Trailers of a chunked body as fields of HTTP/2. Throws `BadMessage`.
 * @param section the lines behind the last chunk, with the empty one
 */
export function trailersFromHttp1(section: Buffer): Field[] {
  const all = Fields.read(section, 0)?.all ?? []
  return all
    .filter(([name]) => !isOfConnection(name) && !NO_TRAILERS.has(name))
    .map(([name, value]) => field(name, value))
}
