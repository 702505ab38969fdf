import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERROR_CODE } from '../error-code.ts'
import { Http2Error } from '../http2-error.ts'
import { HpackDecoder } from './decoder.ts'
import { field } from './encode.ts'
import type { FieldBlock } from './field.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const pairs = ({ fields }: FieldBlock): [string, string][] => fields.map(({ name, value }) => [name, value])

/** Blocks of one connection: octets, fields, and what the table counts then. */
type Example = { title: string; tableBytes?: number; blocks: [string, [string, string][], number][] }

const REQUEST: [string, string][] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
]
const REQUESTS: [string, string][][] = [
  REQUEST,
  [...REQUEST, ['cache-control', 'no-cache']],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
]
const answer = (status: string, date: string): [string, string][] => [
  [':status', status],
  ['cache-control', 'private'],
  ['date', date],
  ['location', 'https://www.example.com'],
]
const ANSWERS: [string, string][][] = [
  answer('302', 'Mon, 21 Oct 2013 20:13:21 GMT'),
  answer('307', 'Mon, 21 Oct 2013 20:13:21 GMT'),
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
]

function connection(
  title: string,
  octets: string[],
  lists: [string, string][][],
  bytes: number[],
  tableBytes?: number,
) {
  const blocks = octets.map((block, at): Example['blocks'][number] => [block, lists[at] ?? [], bytes[at] ?? 0])
  return { title, blocks, ...(tableBytes === undefined ? {} : { tableBytes }) }
}

const EXAMPLES: Example[] = [
  connection(
    'C.2.1',
    ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572'],
    [[['custom-key', 'custom-header']]],
    [55],
  ),
  connection('C.2.2', ['040c 2f73 616d 706c 652f 7061 7468'], [[[':path', '/sample/path']]], [0]),
  connection('C.2.3', ['1008 7061 7373 776f 7264 0673 6563 7265 74'], [[['password', 'secret']]], [0]),
  connection('C.2.4', ['82'], [[[':method', 'GET']]], [0]),
  connection(
    'C.3',
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    REQUESTS,
    [57, 110, 164],
  ),
  connection(
    'C.4',
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
    REQUESTS,
    [57, 110, 164],
  ),
  connection(
    'C.5',
    [
      `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
       1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
      '4803 3330 37c1 c0bf',
      `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
       4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
       7369 6f6e 3d31`,
    ],
    ANSWERS,
    [222, 222, 215],
    256,
  ),
  connection(
    'C.6',
    [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
       cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
    ],
    ANSWERS,
    [222, 222, 215],
    256,
  ),
]

describe('HpackDecoder', () => {
  for (const { title, tableBytes, blocks } of EXAMPLES) {
    it(`reads RFC 7541 ${title}, and what it passes on needs no table`, () => {
      const decoder = new HpackDecoder(tableBytes === undefined ? {} : { tableBytes })
      for (const [octets, list, bytes] of blocks) {
        const block = decoder.decode(hex(octets))
        assert.deepEqual(pairs(block), list)
        assert.equal(decoder.tableBytes, bytes)
        // A table of no octets holds nothing: whatever refers to one is lost.
        assert.deepEqual(pairs(new HpackDecoder({ tableBytes: 0 }).decode(block.encoded)), list)
        assert.deepEqual(
          pairs(new HpackDecoder({ tableBytes: 0 }).decode(Buffer.concat(block.fields.map((one) => one.encoded)))),
          list,
        )
      }
    })
  }

  it('gives a block as it came only when it refers to no entry and changes no size', () => {
    const decoder = new HpackDecoder()
    const verbatim = (octets: string): string | undefined => decoder.decode(hex(octets)).verbatim?.toString('hex')
    assert.equal(verbatim('8286 8441 0161'), '828684410161')
    assert.equal(verbatim('be'), undefined)
    assert.equal(verbatim('7e0162'), undefined)
    assert.equal(verbatim('0f2f0162'), undefined)
    assert.equal(verbatim('2082'), undefined)
    assert.equal(verbatim('82'), '82')
    assert.equal(verbatim(''), '')
  })

  it('never refers to the buffer that was read', () => {
    const decoder = new HpackDecoder()
    const octets = hex('8244 022f 61 0001 6102 6262 1001 6301 64 4001 6501 66')
    const block = decoder.decode(octets)
    octets.fill(0xff)
    const list = [
      [':method', 'GET'],
      [':path', '/a'],
      ['a', 'bb'],
      ['c', 'd'],
      ['e', 'f'],
    ]
    assert.deepEqual(pairs(block), list)
    assert.deepEqual(pairs(decoder.decode(hex('bfbe'))), [list[1], list[4]])
    assert.deepEqual(pairs(new HpackDecoder().decode(block.encoded)), list)
  })

  it('keeps what must not be indexed that way', () => {
    const decoder = new HpackDecoder()
    const { fields } = decoder.decode(hex('1001 6101 62 1f 08 0163 82'))
    assert.deepEqual(
      fields.map(({ neverIndexed }) => neverIndexed),
      [true, true, false],
    )
    const again = new HpackDecoder().decode(Buffer.concat(fields.map(({ encoded }) => encoded)))
    assert.deepEqual(
      again.fields.map(({ name, value, neverIndexed }) => [name, value, neverIndexed]),
      [
        ['a', 'b', true],
        ['authorization', 'c', true],
        [':method', 'GET', false],
      ],
    )
  })

  it('hands out one object for an entry, and the same block again when nothing changed', () => {
    const decoder = new HpackDecoder()
    decoder.decode(hex('4001 6101 62'))
    const first = decoder.decode(hex('82be'))
    assert.equal(decoder.decode(hex('82be')), first)
    assert.equal(decoder.decode(hex('be82')).fields[0], first.fields[1])
    decoder.decode(hex('82be'))
    decoder.decode(hex('4001 6301 64'))
    assert.deepEqual(pairs(decoder.decode(hex('82be'))), [
      [':method', 'GET'],
      ['c', 'd'],
    ])
    decoder.decode(hex('20'))
    assert.throws(() => decoder.decode(hex('82be')), { code: ERROR_CODE.COMPRESSION_ERROR })
    assert.deepEqual(pairs(first)[1], ['a', 'b'])
  })

  it('keeps no codes that are longer than what they say', () => {
    // 16 octets of 30 bits each, of a name and of a value: CR has one.
    const bits = `${'1'.repeat(28)}01`.repeat(16)
    const codes = Buffer.from(bits.match(/.{8}/g)?.map((octet) => Number.parseInt(octet, 2)) ?? [])
    const string = Buffer.concat([Buffer.from([0x80 + codes.length]), codes])
    const { fields } = new HpackDecoder().decode(Buffer.concat([hex('40'), string, string]))
    assert.equal(fields[0]?.bytes, 32)
    assert.ok((fields[0]?.encoded.length ?? 99) <= 35)
    assert.deepEqual(pairs(new HpackDecoder().decode(fields[0]?.encoded ?? hex(''))), [
      [fields[0]?.name, fields[0]?.value],
    ])
  })

  it('takes no name for another one, whichever were seen before', () => {
    const decoder = new HpackDecoder()
    for (let at = 0; at < 3000; at++) {
      const name = `x-${at % 1500}`
      const block = Buffer.concat([hex('00'), Buffer.from([name.length]), Buffer.from(name), hex('0161')])
      assert.deepEqual(pairs(decoder.decode(block)), [[name, 'a']])
    }
    // The octets of a name, and the same octets as codes of another one.
    assert.deepEqual(pairs(decoder.decode(hex('0002 1c64 0161'))), [['\x1cd', 'a']])
    assert.deepEqual(pairs(decoder.decode(hex('0082 1c64 0161'))), [['abc', 'a']])
  })

  it('empties the table for an entry that is larger than it', () => {
    const decoder = new HpackDecoder({ tableBytes: 64 })
    decoder.decode(hex('4001 6101 62'))
    assert.equal(decoder.tableBytes, 34)
    const { fields } = decoder.decode(Buffer.concat([hex('4001 6a28'), Buffer.alloc(40, 'x')]))
    assert.equal(fields[0]?.value, 'x'.repeat(40))
    assert.equal(decoder.tableBytes, 0)
    // A name may be that of an entry which leaves for the new one (RFC 7541 §4.4).
    decoder.decode(hex('4001 6101 62'))
    assert.deepEqual(pairs(decoder.decode(hex('7e01 63'))), [['a', 'c']])
    assert.equal(decoder.tableBytes, 34)
  })

  it('lets no block of references cost more than the list may have', () => {
    const decoder = new HpackDecoder({ listBytes: 10_000 })
    decoder.decode(Buffer.concat([hex('4001 617f f11d'), Buffer.alloc(3920 + 32, 'x')]))
    const bomb = decoder.decode(Buffer.alloc(16_384, 0xbe))
    assert.equal(bomb.tooLarge, true)
    assert.equal(bomb.fields.length, 2)
    assert.equal(bomb.verbatim, undefined)
    // What stands behind the limit changes the table all the same.
    decoder.decode(Buffer.concat([Buffer.alloc(100, 0xbe), hex('4001 6301 64')]))
    assert.deepEqual(pairs(decoder.decode(hex('be'))), [['c', 'd']])
  })

  it('gives no more than 512 fields, however small they are', () => {
    const decoder = new HpackDecoder()
    const small = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => hex('0001 6100')))
    assert.equal(decoder.decode(small(512)).tooLarge, false)
    for (const block of [small(513), Buffer.alloc(513, 0x82)]) {
      const { tooLarge, fields } = decoder.decode(block)
      assert.deepEqual([tooLarge, fields.length], [true, 512])
    }
  })

  const HOSTILE: [title: string, octets: string][] = [
    ['index 0', '80'],
    ['an index behind the last entry', 'be'],
    ['a name behind the last entry', '7e 0161'],
    ['an index that never ends', 'ff 80 80 80 80 80 80 80 80 80 00'],
    ['an index that is cut', 'ff 80'],
    ['a string that is cut', '0001 6103 61'],
    ['a string without a length', '0001 61'],
    ['a string of 2^34 octets', '00 7f ff ff ff ff 3f'],
    ['a size update behind a field', '82 20'],
    ['a third size update', '20 20 20'],
    ['a size update above the limit', '3f e2 1f'],
    ['EOS in a string', '0001 61 84 ff ff ff ff'],
    ['EOS behind an octet', '0001 61 85 1f ff ff ff ff'],
    ['padding of eight bits', '0001 61 82 1f ff'],
    ['padding that is not all ones', '0001 61 81 18'],
    ['only padding of a whole octet', '0001 61 81 ff'],
    ['a code that is cut', '0001 61 81 fe'],
  ]
  for (const [title, octets] of HOSTILE) {
    it(`refuses ${title}`, () => {
      assert.throws(
        () => new HpackDecoder().decode(hex(octets)),
        (error) => error instanceof Http2Error && error.code === ERROR_CODE.COMPRESSION_ERROR && error.stream === 0,
      )
    })
  }

  it('takes two size updates, up to the limit', () => {
    const decoder = new HpackDecoder()
    decoder.decode(hex('4001 6101 62'))
    assert.deepEqual(pairs(decoder.decode(hex('20 3f e1 1f 82'))), [[':method', 'GET']])
    assert.equal(decoder.tableBytes, 0)
  })
})

describe('field', () => {
  it('is an index where the static table has it, a literal otherwise', () => {
    assert.equal(field(':method', 'GET').encoded.toString('hex'), '82')
    assert.equal(field(':status', '418').encoded.toString('hex'), '0803343138')
    assert.equal(field('a', 'b').encoded.toString('hex'), '0001610162')
    assert.equal(field('a', 'b', true).encoded.toString('hex'), '1001610162')
    assert.equal(field('authorization', 'b', true).encoded.toString('hex'), '1f080162')
    assert.equal(field('accept-encoding', 'gzip, deflate', true).encoded[0], 0x1f)
  })

  it('refuses characters that would be cut to other octets', () => {
    assert.throws(() => field('a', 'b\u010a'), RangeError)
    assert.throws(() => field('a\u010d', 'b'), RangeError)
  })

  it('keeps long values', () => {
    for (const length of [0, 126, 127, 128, 254, 255, 16_000]) {
      const one = field('x-long', 'é'.repeat(length))
      assert.deepEqual(pairs(new HpackDecoder().decode(one.encoded)), [['x-long', one.value]])
    }
  })
})
