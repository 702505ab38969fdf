/** Fields that we make ourselves, and blocks of fields. Nothing we write needs a table, so that an encoder has no state. */
import { copyOctets } from './copy-octets.ts'
import type { Field } from './field.ts'
import { HeaderField } from './header-field.ts'
import { type HeaderName, headerName, STATIC_NAMES } from './header-name.ts'
import { literalField, plainLiteral } from './literal.ts'
import { isSound } from './sound.ts'
import { STATIC_TABLE } from './static-table.ts'

/** A size update to 0 (RFC 7541 §6.3): begins the first block to a peer, who need keep no table for us then. */
export const TABLE_SIZE_ZERO = Buffer.from([0x20])

/** Of each entry of the static table, the first of them index 0. */
export const STATIC_FIELDS: readonly HeaderField[] = STATIC_TABLE.map(([, value], at) => {
  const header = STATIC_NAMES[at] as HeaderName
  const octets = Buffer.from([0x80 | (at + 1)])
  return new HeaderField(
    header,
    header.text.length + value.length,
    { octets, nameTo: 0, valueFrom: 1, huffman: false },
    { sound: true, neverIndexed: false, value },
  )
})

/**
 * Its text is not checked but for octets: who takes it from a peer of another protocol checks names and values first.
 * No Huffman codes: they would cost more than the octets they save on the way to a neighbour.
 * @param name in lower case
 * @param value octets as Latin-1; throws `RangeError` for other characters, which would be cut to other octets
 */
export function field(name: string, value: string, neverIndexed = false): Field {
  return namedField(headerName(name), value, neverIndexed)
}

/** `field` for a name that was looked up before. */
export function namedField(header: HeaderName, value: string, neverIndexed = false): HeaderField {
  const index = neverIndexed ? undefined : header.values?.get(value)
  if (index !== undefined) return STATIC_FIELDS[index - 1] as HeaderField
  const content = octetsOf(value)
  const name = header.staticIndex > 0 ? undefined : plainLiteral(octetsOf(header.text))
  const sound = isSound(content, 0, content.length)
  const literal = { ...plainLiteral(content), huffman: false, bytes: content.length, sound }
  return literalField(header, name, literal, neverIndexed, Buffer.allocUnsafe)
}

/** Octets of a block. It is no frame: who sends it parts it as SETTINGS_MAX_FRAME_SIZE says. */
export function encodeBlock(fields: readonly Field[]): Buffer {
  let bytes = 0
  for (const { encoded } of fields) bytes += encoded.length
  const block = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const { encoded } of fields) at = copyOctets(encoded, 0, encoded.length, block, at)
  return block
}

const OTHER = /[^\0-\xff]/

function octetsOf(text: string): Buffer {
  if (OTHER.test(text)) throw new RangeError('a header field has a character that is no octet')
  return Buffer.from(text, 'latin1')
}
