import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CopyReader, type CopyRecord } from './copies.ts'
import { COPY, MAX_COPY_BYTES, writeCopyHeader } from './messages/copies.ts'

/** A record as an agent writes it. */
function written(record: CopyRecord): Buffer {
  const payload =
    record.kind === 'request'
      ? Buffer.concat([
          Buffer.of(record.port >> 8, record.port & 255, (record.wantsAnswer ? 1 : 0) | (record.isSecure ? 2 : 0)),
          record.bytes,
        ])
      : record.kind === 'answer'
        ? record.bytes
        : Buffer.from(record.why)
  const header = Buffer.alloc(9)
  writeCopyHeader(header, COPY[record.kind], record.id, payload.length)
  return Buffer.concat([header, payload])
}

const id = fc.nat(0xffffffff)
const bytes = fc.uint8Array({ maxLength: 50 }).map((some) => Buffer.from(some))
/** As objects are made by hand. */
const PLAIN = { noNullPrototype: true }
const records: fc.Arbitrary<CopyRecord> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('request' as const),
      id,
      port: fc.nat(65535),
      wantsAnswer: fc.boolean(),
      isSecure: fc.boolean(),
      bytes,
    },
    PLAIN,
  ),
  fc.record({ kind: fc.constant('answer' as const), id, bytes }, PLAIN),
  fc.record({ kind: fc.constant('noAnswer' as const), id, why: fc.constantFrom('large', 'broken', 'slow') }, PLAIN),
)

describe('a reader of copies', () => {
  it('gives the records that were written, however their bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(records, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40 })), (all, cuts) => {
        const read: CopyRecord[] = []
        const reader = new CopyReader((record) => read.push(record))
        let rest = Buffer.concat(all.map(written))
        for (const cut of cuts) {
          reader.take(rest.subarray(0, cut))
          rest = rest.subarray(cut)
        }
        reader.take(rest)
        assert.deepEqual(read, all)
      }),
    )
  })

  it('leaves out kinds that it does not know', () => {
    const read: CopyRecord[] = []
    const unknown = written({ kind: 'answer', id: 1, bytes: Buffer.from('x') })
    unknown[0] = 77
    const next: CopyRecord = { kind: 'noAnswer', id: 2, why: 'large' }
    new CopyReader((record) => read.push(record)).take(Buffer.concat([unknown, written(next)]))
    assert.deepEqual(read, [next])
  })

  it('takes no record that is larger than a copy may be, before memory is made for it', () => {
    const header = Buffer.alloc(9)
    writeCopyHeader(header, COPY.answer, 1, MAX_COPY_BYTES + 4)
    assert.throws(() => new CopyReader(() => {}).take(header), /larger/)
  })
})
