/** Properties of the readers of HTTP/1, with node:http's parser as oracle. `npm run fuzz` does the same a million times. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BodyReader } from '../../../src/lib/http1/body-reader.ts'
import { BadMessage, MAX_HEAD_BYTES, readRequestHead, readResponseHead } from '../../../src/lib/http1/head.ts'
import { judged } from './check.ts'
import { messages } from './grammar.ts'
import { readAsNode } from './oracle.ts'
import { readAsWe } from './ours.ts'
import type { What } from './reading.ts'

const what = fc.constantFrom<What>('request', 'answer')
const input = fc.tuple(what, fc.gen()).map(([kind, choose]) => ({
  kind,
  bytes: Buffer.from(
    messages(kind, (count) => choose(fc.nat, count - 1)),
    'latin1',
  ),
}))
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 4 })

describe('messages of HTTP/1', () => {
  it('end where node:http lets them end, however they are parted', () => {
    const kinds = new Map<string, number>()
    fc.assert(
      fc.property(input, cuts, ({ kind, bytes }, where) => {
        const parts = where.filter((at) => at < bytes.length).sort((left, right) => left - right)
        const verdict = judged(kind, bytes, parts)
        kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1)
        assert.notEqual(verdict.kind, 'wrong', `${verdict.why}\n${JSON.stringify(bytes.toString('latin1'))}`)
      }),
      { numRuns: 4000 },
    )
    assert.ok((kinds.get('same') ?? 0) > 800, `only ${kinds.get('same')} were read to their end`)
    assert.ok((kinds.get('both') ?? 0) > 400, `only ${kinds.get('both')} were refused by both`)
  })

  it('of any bytes at all are read or refused', () => {
    fc.assert(
      fc.property(what, fc.uint8Array({ maxLength: 300 }), cuts, (kind, some, where) => {
        const bytes = Buffer.from(some)
        const verdict = judged(
          kind,
          bytes,
          where.filter((at) => at < bytes.length).sort((a, b) => a - b),
        )
        assert.notEqual(verdict.kind, 'wrong', verdict.why)
      }),
      { numRuns: 2000 },
    )
  })

  it('are told from each other by the oracle too', () => {
    const bytes = Buffer.from(
      'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: x\r\n\r\n',
    )
    assert.deepEqual(readAsNode(bytes, 'request'), readAsWe(bytes, 'request'))
    assert.deepEqual(
      readAsNode(bytes, 'request').messages.map(({ start, body }) => [start, body]),
      [
        ['POST /a', 'hello'],
        ['GET /b', ''],
      ],
    )
  })
})

describe('a message that never ends', () => {
  const piece = Buffer.alloc(16 * 1024, 'x')

  it('is refused as a head when it is longer than 64 KiB', () => {
    for (const [read, start] of [
      [readRequestHead, 'GET / HTTP/1.1\r\nX: '],
      [readResponseHead, 'HTTP/1.1 200 OK\r\nX: '],
    ] as const) {
      let held = Buffer.from(start)
      assert.throws(
        () => {
          while (held.length < 2 * MAX_HEAD_BYTES) {
            assert.equal(read(held), undefined)
            held = Buffer.concat([held, piece])
          }
        },
        (error) => error instanceof BadMessage && error.status === 431 && held.length <= MAX_HEAD_BYTES + piece.length,
      )
    }
  })

  for (const [name, start] of [
    ['an extension of a chunk', '5;'],
    ['a size of a chunk', '0000'],
    ['a trailer', '0\r\nX: '],
    ['trailers', '0\r\n'],
  ] as const) {
    it(`is refused in ${name}, after 128 KiB at most`, () => {
      const reader = new BodyReader({ kind: 'chunked' })
      const more =
        name === 'trailers'
          ? Buffer.from('X: y\r\n'.repeat(2000))
          : name.startsWith('a size')
            ? Buffer.alloc(16 * 1024, '0')
            : piece
      reader.take(Buffer.from(start))
      let given = 0
      assert.throws(() => {
        for (; given < 128 * 1024; given += more.length) reader.take(more)
      }, BadMessage)
    })
  }

  it('costs no more than its bytes when they come one by one', () => {
    const head = Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${'X: yyyyyyyyyyyy\r\n'.repeat(500)}\r\n`)
    const startedAt = performance.now()
    const { messages: read } = readAsWe(
      head,
      'request',
      Array.from({ length: head.length - 1 }, (_, at) => at + 1),
    )
    assert.equal(read.length, 1)
    const ms = performance.now() - startedAt
    assert.ok(ms < 2000, `${ms} ms`)
  })
})
