/** A field, its octets to pass on, and what was found out of it. */
import type { Field } from './field.ts'
import type { HeaderName } from './header-name.ts'
import { decodedAtMost, decodeHuffman } from './huffman.ts'
import { scratch } from './scratch.ts'

/** A representation that needs no dynamic table, and what is where in it. */
export interface Representation {
  readonly octets: Buffer
  /** Where the literal of the name ends, which begins at 1; 0 when the name is an index. */
  readonly nameTo: number
  /** Where the octets of the value begin; they end with the representation. */
  readonly valueFrom: number
  readonly huffman: boolean
}

/** A verdict that was not made yet. */
export const UNJUDGED = -2

export class HeaderField implements Field {
  readonly header: HeaderName
  readonly bytes: number
  readonly neverIndexed: boolean
  /** The value's octets may stand in a message (RFC 9110 §5.5, RFC 9113 §8.2.1). */
  readonly sound: boolean
  readonly representation: Representation
  /** For who reads messages: what he found out of the value, once. */
  verdict = UNJUDGED
  #value: string | undefined

  /** @param value when it is known already */
  constructor(
    header: HeaderName,
    bytes: number,
    representation: Representation,
    { sound, neverIndexed, value }: { sound: boolean; neverIndexed: boolean; value?: string },
  ) {
    this.header = header
    this.bytes = bytes
    this.representation = representation
    this.sound = sound
    this.neverIndexed = neverIndexed
    this.#value = value
  }

  get name(): string {
    return this.header.text
  }

  get value(): string {
    this.#value ??= read(this.representation)
    return this.#value
  }

  get encoded(): Buffer {
    return this.representation.octets
  }
}

/** Its codes were found right when the block was read. */
function read({ octets, valueFrom, huffman }: Representation): string {
  if (!huffman) return octets.toString('latin1', valueFrom, octets.length)
  const target = scratch(decodedAtMost(octets.length - valueFrom))
  return target.toString('latin1', 0, decodeHuffman(octets, valueFrom, octets.length, target))
}
