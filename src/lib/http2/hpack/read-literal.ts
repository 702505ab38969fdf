/** What the string says that a `BlockReader` has just passed over. */
import { type BlockReader, wrong } from './block-reader.ts'
import type { HeaderName } from './header-name.ts'
import { decodedAtMost, decodeHuffman } from './huffman.ts'
import { type Literal, type LiteralValue, plainLiteral } from './literal.ts'
import { nameOf } from './name-cache.ts'
import { scratch } from './scratch.ts'
import { isSound } from './sound.ts'

/** What a length takes at most. Codes that are longer than what they say are not kept: memory is counted in what they say. */
const MAX_LENGTH_OCTETS = 6

/** Throws `Http2Error` COMPRESSION_ERROR, as all here. */
export function readName({ octets, from, to, huffman }: BlockReader): HeaderName {
  return nameOf(octets, from, to, huffman, nameText)
}

function nameText(octets: Buffer, from: number, to: number, huffman: boolean): string {
  if (!huffman) return octets.toString('latin1', from, to)
  const target = scratch(decodedAtMost(to - from))
  return target.toString('latin1', 0, decoded(octets, from, to, target))
}

/** @param text what it says */
export function nameLiteral({ octets, literalFrom, to }: BlockReader, text: string): Literal {
  if (to - literalFrom <= text.length + MAX_LENGTH_OCTETS) return { octets, from: literalFrom, to }
  return plainLiteral(Buffer.from(text, 'latin1'))
}

export function readValue({ octets, literalFrom, from, to, huffman }: BlockReader): LiteralValue {
  if (!huffman) {
    const sound = isSound(octets, from, to)
    return { octets, from: literalFrom, to, contentFrom: from, huffman, bytes: to - from, sound }
  }
  const target = scratch(decodedAtMost(to - from))
  const bytes = decoded(octets, from, to, target)
  const sound = isSound(target, 0, bytes)
  if (to - literalFrom <= bytes + MAX_LENGTH_OCTETS) {
    return { octets, from: literalFrom, to, contentFrom: from, huffman, bytes, sound }
  }
  return { ...plainLiteral(target.subarray(0, bytes)), huffman: false, bytes, sound }
}

function decoded(octets: Buffer, from: number, to: number, target: Buffer): number {
  const bytes = decodeHuffman(octets, from, to, target)
  if (bytes < 0) throw wrong('a Huffman code is malformed')
  return bytes
}
