/** Properties of what reads frames. `npm run fuzz` tries a million connections. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { check, engineJudged, judged } from './check.ts'

const SEEDS = 4000
const octets = fc.uint8Array({ maxLength: 400 }).map((one) => Buffer.from(one))
const cutsOf = (bytes: Buffer, every: number): number[] => [
  ...Array.from({ length: Math.ceil(bytes.length / every) }, (_, at) => at * every),
  bytes.length,
]

describe('frames', () => {
  it('end where RFC 9113 says by the letter, and blocks and settings are those of the letter', () => {
    const kinds = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { kind, why } = check(seed)
      assert.notEqual(kind, 'wrong', `seed ${seed}: ${why}`)
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
    assert.ok((kinds.get('same') ?? 0) > SEEDS / 4 && (kinds.get('both') ?? 0) > SEEDS / 10, JSON.stringify([...kinds]))
  })

  it('of any octets at all are read or refused, however they come', () => {
    fc.assert(
      fc.property(octets, fc.integer({ min: 1, max: 50 }), (bytes, every) => {
        for (const judge of [judged, engineJudged]) {
          const verdict = judge(bytes, cutsOf(bytes, every))
          assert.notEqual(verdict.kind, 'wrong', `${verdict.why}\n${bytes.toString('hex')}`)
        }
      }),
      { numRuns: 500 },
    )
  })
})
