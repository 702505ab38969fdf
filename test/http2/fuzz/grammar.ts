/** Blocks of one connection that are mostly right, from choices. */
import { STATIC_TABLE } from '../../../src/lib/http2/hpack/static-table.ts'
import type { Choose } from '../../http1/fuzz/grammar.ts'
import { coded } from './reference.ts'

/** Limits that the decoder of these blocks has, too. */
export interface Connection {
  tableBytes: number
  listBytes: number
  blocks: Buffer[]
}

const TABLES = [4096, 4096, 4096, 0, 64, 150, 20_000]
const LISTS = [65_536, 65_536, 300, 1000]
const NAMES = [
  'x-user',
  'x-remocal',
  'cookie',
  'grpc-timeout',
  'te',
  'host',
  'content-length',
  'X-Upper',
  'connection',
  ':path',
  '',
  'x y',
]
const VALUES = [
  '',
  'jane',
  '/a?b=1',
  'trailers',
  '5',
  '12ms',
  'GET',
  'a b',
  ' a',
  'a\r\nb',
  'é\xff\0',
  'application/grpc',
  'x'.repeat(70),
  'y'.repeat(130),
]

export function connection(choose: Choose): Connection {
  const pick = <T>(all: readonly T[]): T => all[choose(all.length)] as T
  const tableBytes = pick(TABLES)
  /** Roughly how many entries there are: references to more are mistakes. */
  let entries = 0
  const blocks: Buffer[] = []
  for (let count = 1 + choose(4); count > 0; count--) {
    const pieces: Buffer[] = []
    if (choose(12) === 0) pieces.push(integer(choose(3) === 0 ? 0 : choose(tableBytes + 2), 5, 0x20))
    if (choose(3) > 0) pieces.push(...headOf(choose))
    for (let fields = choose(6); fields > 0; fields--) {
      const [piece, adds] = fieldOf(choose, pick, entries)
      pieces.push(piece)
      if (adds) entries++
    }
    blocks.push(mistaken(Buffer.concat(pieces), choose))
  }
  return { tableBytes, listBytes: pick(LISTS), blocks }
}

/** What requests or answers begin with. */
function headOf(choose: Choose): Buffer[] {
  if (choose(4) === 0) return [Buffer.from([0x88 + choose(7)])]
  const path = choose(2) === 0 ? Buffer.from([0x84]) : Buffer.concat([Buffer.from([0x44]), string('/a', choose)])
  return [Buffer.from([0x82 + choose(2), 0x86]), path, Buffer.concat([Buffer.from([0x01]), string('orders', choose)])]
}

function fieldOf(choose: Choose, pick: <T>(all: readonly T[]) => T, entries: number): [Buffer, boolean] {
  const index = (): number => {
    const kind = choose(40)
    if (kind === 0) return choose(200)
    return kind < 15 || entries === 0 ? 1 + choose(STATIC_TABLE.length) : 62 + choose(Math.min(entries, 40))
  }
  if (choose(3) === 0) return [integer(index(), 7, 0x80), false]
  const kind = choose(3)
  const [prefix, high] = [[6, 0x40] as const, [4, 0] as const, [4, 0x10] as const][kind] as readonly [number, number]
  const named = choose(2) === 0
  const name = named
    ? integer(index(), prefix, high)
    : Buffer.concat([Buffer.from([high]), string(pick(NAMES), choose)])
  return [Buffer.concat([name, string(pick(VALUES), choose)]), kind === 0]
}

function string(text: string, choose: Choose): Buffer {
  const isCoded = choose(2) === 0
  const octets = isCoded ? coded(text) : Buffer.from(text, 'latin1')
  return Buffer.concat([integer(octets.length, 7, isCoded ? 0x80 : 0), octets])
}

function integer(value: number, prefix: number, high: number): Buffer {
  const most = 2 ** prefix - 1
  if (value < most) return Buffer.from([high + value])
  const octets = [high + most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push(128 + (rest % 128))
  return Buffer.from([...octets, rest])
}

/** Now and then an octet is another one, is missing, comes twice, or all behind it is missing. */
function mistaken(block: Buffer, choose: Choose): Buffer {
  if (block.length === 0 || choose(4) > 0) return block
  const at = choose(block.length)
  switch (choose(5)) {
    case 0:
      return block.subarray(0, at)
    case 1:
      return Buffer.concat([block.subarray(0, at), block.subarray(at + 1)])
    case 2:
      return Buffer.concat([block.subarray(0, at), block.subarray(at, at + 4), block.subarray(at)])
    default: {
      const copy = Buffer.from(block)
      copy[at] = choose(2) === 0 ? (copy[at] as number) ^ (1 << choose(8)) : choose(256)
      return copy
    }
  }
}
