/** RFC 7541 word by word: a decoder that is slow, keeps nothing, and was written for no other purpose than to be compared with. */
import { HUFFMAN_LENGTHS } from '../../../src/lib/http2/hpack/huffman-lengths.ts'
import { STATIC_TABLE } from '../../../src/lib/http2/hpack/static-table.ts'

export interface Line {
  name: string
  value: string
  neverIndexed: boolean
}

/** The block is malformed. */
export class Malformed extends Error {}

/** Codes as texts of 0 and 1, by octet; the last is EOS. */
export const CODES: readonly string[] = codes()

function codes(): string[] {
  const all: string[] = []
  const order = HUFFMAN_LENGTHS.map((length, octet) => ({ length, octet }))
  order.sort((left, right) => left.length - right.length || left.octet - right.octet)
  let code = 0n
  let before = 0
  for (const { length, octet } of order) {
    code <<= BigInt(length - before)
    before = length
    all[octet] = code.toString(2).padStart(length, '0')
    code++
  }
  return all
}

const OCTETS = new Map(CODES.map((code, octet) => [code, octet]))
const EOS = 256

export class Reference {
  /** The newest first. */
  table: Line[] = []
  readonly #most: number
  #limit: number
  #block: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(tableBytes: number) {
    this.#most = tableBytes
    this.#limit = Math.min(tableBytes, 4096)
  }

  get bytes(): number {
    return this.table.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0)
  }

  decode(block: Buffer): Line[] {
    this.#block = block
    this.#at = 0
    const lines: Line[] = []
    let updates = 0
    while (this.#at < block.length) {
      const first = block[this.#at] as number
      if (first >> 7 === 1) lines.push(this.#entry(this.#integer(7)))
      else if (first >> 6 === 1) {
        const line = this.#literal(6, false)
        lines.push(line)
        this.#evict(this.#limit - line.name.length - line.value.length - 32)
        if (line.name.length + line.value.length + 32 <= this.#limit) this.table.unshift(line)
      } else if (first >> 5 === 1) {
        const limit = this.#integer(5)
        if (lines.length > 0 || ++updates > 2 || limit > this.#most) throw new Malformed('a size update')
        this.#limit = limit
        this.#evict(limit)
      } else lines.push(this.#literal(4, first >> 4 === 1))
    }
    return lines
  }

  #evict(until: number): void {
    while (this.table.length > 0 && this.bytes > until) this.table.pop()
  }

  #entry(index: number): Line {
    if (index === 0) throw new Malformed('index 0')
    const [name, value] = STATIC_TABLE[index - 1] ?? []
    if (name !== undefined && value !== undefined) return { name, value, neverIndexed: false }
    const line = this.table[index - 62]
    if (line === undefined) throw new Malformed('an index')
    return line
  }

  #literal(prefix: number, neverIndexed: boolean): Line {
    const index = this.#integer(prefix)
    const name = index === 0 ? this.#string() : this.#entry(index).name
    return { name, value: this.#string(), neverIndexed }
  }

  #octet(): number {
    const octet = this.#block[this.#at++]
    if (octet === undefined) throw new Malformed('an end')
    return octet
  }

  #integer(prefix: number): number {
    const most = 2 ** prefix - 1
    let value = this.#octet() % 2 ** prefix
    if (value < most) return value
    for (let shift = 0; shift < 5; shift++) {
      const octet = this.#octet()
      value += (octet % 128) * 128 ** shift
      if (octet < 128) return value
    }
    throw new Malformed('an integer')
  }

  #string(): string {
    const isCoded = (this.#block[this.#at] ?? 0) >= 128
    const length = this.#integer(7)
    if (this.#at + length > this.#block.length) throw new Malformed('a string')
    const octets = this.#block.subarray(this.#at, this.#at + length)
    this.#at += length
    return isCoded ? remembered(octets.toString('latin1')) : octets.toString('latin1')
  }
}

/** The same few texts come again and again; to take them apart by the letter takes long. */
const KNOWN = new Map<string, string>()

function remembered(text: string): string {
  if (KNOWN.size > 10_000) KNOWN.clear()
  const known = KNOWN.get(text) ?? uncoded(Buffer.from(text, 'latin1'))
  KNOWN.set(text, known)
  return known
}

function uncoded(octets: Buffer): string {
  const bits = [...octets].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  let text = ''
  let code = ''
  for (const bit of bits) {
    code += bit
    const octet = OCTETS.get(code)
    if (octet === undefined) continue
    if (octet === EOS) throw new Malformed('EOS')
    text += String.fromCharCode(octet)
    code = ''
  }
  if (code.length > 7 || code.includes('0')) throw new Malformed('padding')
  return text
}

/** Octets of a text's codes, padded. */
export function coded(text: string): Buffer {
  const octets = CODED.get(text) ?? codesOf(text)
  CODED.set(text, octets)
  return octets
}

/** Texts of the grammar. */
const CODED = new Map<string, Buffer>()

function codesOf(text: string): Buffer {
  const bits = [...Buffer.from(text, 'latin1')].map((octet) => CODES[octet]).join('')
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  return Buffer.from(padded.match(/.{8}/g)?.map((octet) => Number.parseInt(octet, 2)) ?? [])
}
