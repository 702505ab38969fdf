/** Properties of the reader of header blocks, beside a decoder by the letter and beside nghttp2. `npm run fuzz` does the first a million times. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ERROR_CODE } from '../../../src/lib/http2/error-code.ts'
import { Nghttp2Server } from '../../../src/lib/http2/fixtures/nghttp2-server.ts'
import { HpackDecoder } from '../../../src/lib/http2/hpack/decoder.ts'
import type { FieldBlock } from '../../../src/lib/http2/hpack/field.ts'
import { Http2Error } from '../../../src/lib/http2/http2-error.ts'
import { requestHead } from '../../../src/lib/http2/messages/request-head.ts'
import { judged } from './check.ts'
import { connection } from './grammar.ts'
import { CODES, coded, Reference } from './reference.ts'

const connections = fc.gen().map((choose) => connection((count) => choose(fc.nat, count - 1)))
const shown = (blocks: Buffer[]): string => blocks.map((block) => block.toString('hex')).join(' ')

describe('header blocks', () => {
  it('are what RFC 7541 says by the letter, and what is passed on is the same without a table', () => {
    const kinds = new Map<string, number>()
    fc.assert(
      fc.property(connections, (one) => {
        const verdict = judged(one)
        kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1)
        assert.notEqual(verdict.kind, 'wrong', `${verdict.why}\n${shown(one.blocks)}`)
      }),
      { numRuns: 1200 },
    )
    assert.ok((kinds.get('same') ?? 0) > 250 && (kinds.get('both') ?? 0) > 120, JSON.stringify([...kinds]))
  })

  it('of any octets at all are read or refused', () => {
    const octets = fc.uint8Array({ maxLength: 300 }).map((one) => Buffer.from(one))
    fc.assert(
      fc.property(fc.array(octets, { maxLength: 3 }), fc.constantFrom(0, 100, 4096), (blocks, tableBytes) => {
        const verdict = judged({ tableBytes, listBytes: 2000, blocks })
        assert.notEqual(verdict.kind, 'wrong', `${verdict.why}\n${shown(blocks)}`)
      }),
      { numRuns: 1200 },
    )
  })

  it('of every code are read', () => {
    for (const octet of CODES.keys()) {
      if (octet === 256) continue
      const text = `${String.fromCharCode(octet)}a${String.fromCharCode(octet)}`
      const octets = coded(text)
      const block = Buffer.concat([Buffer.from([0, 1, 97, 0x80 + octets.length]), octets])
      assert.equal(new HpackDecoder().decode(block).fields[0]?.value, text)
    }
  })

  it('are malformed where they are for nghttp2, and have the same fields', async () => {
    const tally = { read: 0, lost: 0 }
    const compare = async ({ blocks }: { blocks: Buffer[] }): Promise<void> => {
      const server = new Nghttp2Server()
      const decoder = new HpackDecoder()
      const reference = new Reference(4096)
      for (const block of blocks) {
        const verdict = await server.ask(block)
        if (verdict.kind === 'lost') {
          tally.lost++
          assert.equal(verdict.code, ERROR_CODE.COMPRESSION_ERROR)
          assert.throws(() => decoder.decode(block), Http2Error, `${shown(blocks)}: for nghttp2 it is malformed`)
          break
        }
        tally.read++
        const read = decoder.decode(block)
        reference.decode(block)
        assert.equal(decoder.tableBytes, reference.bytes)
        // Of others it leaves fields away.
        if (verdict.kind !== 'stream' || !isRequest(read)) continue
        const raw = read.fields.flatMap(({ name, value }) => [name, value])
        assert.deepEqual(raw, verdict.raw)
      }
      server.close()
    }
    await fc.assert(fc.asyncProperty(connections, compare), { numRuns: 250 })
    assert.ok(tally.read > 100 && tally.lost > 25, JSON.stringify(tally))
  })
})

function isRequest(block: FieldBlock): boolean {
  try {
    requestHead(block, 1)
    return true
  } catch {
    return false
  }
}
