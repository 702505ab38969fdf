/**
 * Fields that one connection said lately, by name and value as they came: peers that use no table, or put the same into it again and again, say little that is
 * new, and what is found out of a field need not be found again. Of one connection only: nobody can learn from time what others said.
 */
import type { BlockReader } from './block-reader.ts'
import type { HeaderField } from './header-field.ts'
import type { HeaderName } from './header-name.ts'

const PLACES = 32
/** A longer value is mostly a new one. */
const MAX_OCTETS = 48

/** A representation up to this has memory of its own, within the heap: a field that is kept keeps nothing else. */
export const OWN_BYTES = 64

export class RecentFields {
  /** One for each hash; made by the first literal. */
  #fields: (HeaderField | undefined)[] | undefined
  #place = -1

  /** @param reader has just passed over the value */
  find(header: HeaderName, { octets, from, to, huffman }: BlockReader, neverIndexed: boolean): HeaderField | undefined {
    this.#place = -1
    if (to - from > MAX_OCTETS) return undefined
    let hash = header.text.length
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + (octets[at] as number)) | 0
    this.#place = (hash ^ (hash >>> 9)) & (PLACES - 1)
    const field = this.#fields?.[this.#place]
    if (field === undefined || field.header !== header || field.neverIndexed !== neverIndexed) return undefined
    const { representation } = field
    if (representation.huffman !== huffman) return undefined
    return endsWith(representation.octets, representation.valueFrom, octets, from, to) ? field : undefined
  }

  /** Keeps what was not found. */
  keep(field: HeaderField): void {
    if (this.#place < 0 || field.encoded.length > OWN_BYTES) return
    this.#fields ??= new Array(PLACES).fill(undefined)
    this.#fields[this.#place] = field
  }
}

function endsWith(known: Buffer, knownFrom: number, octets: Buffer, from: number, to: number): boolean {
  if (known.length - knownFrom !== to - from) return false
  const shift = from - knownFrom
  for (let at = knownFrom; at < known.length; at++) if (known[at] !== octets[at + shift]) return false
  return true
}
