/**
 * Names of literals by their octets, as they came: peers that use no table send the same few again and again. One place for each hash, for all connections:
 * what a stranger puts there costs others the reading of a name.
 */
import { type HeaderName, headerName } from './header-name.ts'

const PLACES = 512
/** Longer names are rare, and would take memory for long. */
const MAX_OCTETS = 48

interface Known {
  readonly octets: Uint8Array
  readonly huffman: boolean
  readonly name: HeaderName
}

const KNOWN: (Known | undefined)[] = new Array(PLACES).fill(undefined)

type Read = (octets: Buffer, from: number, to: number, huffman: boolean) => string

/** @param read makes the text of octets that are not known */
export function nameOf(octets: Buffer, from: number, to: number, huffman: boolean, read: Read): HeaderName {
  if (to - from > MAX_OCTETS) return headerName(read(octets, from, to, huffman))
  let hash = huffman ? 1 : 0
  for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + (octets[at] as number)) | 0
  const place = (hash ^ (hash >>> 9)) & (PLACES - 1)
  const known = KNOWN[place]
  if (known !== undefined && known.huffman === huffman && isSame(known.octets, octets, from, to)) return known.name
  const name = headerName(read(octets, from, to, huffman))
  KNOWN[place] = { octets: Uint8Array.prototype.slice.call(octets, from, to), huffman, name }
  return name
}

function isSame(known: Uint8Array, octets: Buffer, from: number, to: number): boolean {
  if (known.length !== to - from) return false
  for (let at = 0; at < known.length; at++) if (known[at] !== octets[from + at]) return false
  return true
}
