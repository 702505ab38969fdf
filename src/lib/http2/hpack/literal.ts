/** Literal fields without indexing (RFC 7541 §6.2.2, §6.2.3), put together of what came. */
import { copyOctets } from './copy-octets.ts'
import { HeaderField } from './header-field.ts'
import type { HeaderName } from './header-name.ts'
import { integerBytes, writeInteger } from './integer.ts'

/** A string literal (RFC 7541 §5.2): a piece of `octets`. */
export interface Literal {
  readonly octets: Buffer
  readonly from: number
  readonly to: number
}

export interface LiteralValue extends Literal {
  /** Behind its length. */
  readonly contentFrom: number
  readonly huffman: boolean
  /** Octets that it says. */
  readonly bytes: number
  readonly sound: boolean
}

const NAME_MASK = 15
const NEVER_INDEXED = 0x10

/**
 * @param name its octets, which are not used when the static table has the name
 * @param allocate where the representation is kept
 */
export function literalField(
  header: HeaderName,
  name: Literal | undefined,
  value: LiteralValue,
  neverIndexed: boolean,
  allocate: (bytes: number) => Buffer,
): HeaderField {
  const high = neverIndexed ? NEVER_INDEXED : 0
  const index = header.staticIndex
  const nameBytes = index > 0 || name === undefined ? 0 : name.to - name.from
  const head = index > 0 ? integerBytes(index, NAME_MASK) : 1 + nameBytes
  const octets = allocate(head + value.to - value.from)
  if (index > 0 || name === undefined) writeInteger(octets, 0, index, NAME_MASK, high)
  else {
    octets[0] = high
    copyOctets(name.octets, name.from, name.to, octets, 1)
  }
  copyOctets(value.octets, value.from, value.to, octets, head)
  return new HeaderField(
    header,
    header.text.length + value.bytes,
    {
      octets,
      nameTo: index > 0 ? 0 : head,
      valueFrom: head + value.contentFrom - value.from,
      huffman: value.huffman,
    },
    { sound: value.sound, neverIndexed },
  )
}

/** Octets as they are, behind their length. */
export function plainLiteral(content: Uint8Array): { octets: Buffer; from: number; to: number; contentFrom: number } {
  const contentFrom = integerBytes(content.length, 127)
  const octets = Buffer.allocUnsafe(contentFrom + content.length)
  writeInteger(octets, 0, content.length, 127, 0)
  octets.set(content, contentFrom)
  return { octets, from: 0, to: octets.length, contentFrom }
}
