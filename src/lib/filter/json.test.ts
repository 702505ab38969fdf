import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readJson } from './json.ts'

/** JSON's numbers as they are read, without what is exact. */
function rounded(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)]))
}

describe('JSON of filters', () => {
  it('has whole numbers of 64 bits, exactly, and else floating ones', () => {
    const numbers: Record<string, unknown> = {
      '3': 3n,
      '-0': 0n,
      '7.0': 7n,
      '1e3': 1000n,
      '3.5': 3.5,
      '9007199254740993': 9007199254740993n,
      '-9223372036854775808': -9223372036854775808n,
      '9223372036854775807': 9223372036854775807n,
      '9223372036854775808': 2 ** 63,
      '12345678901234567890123': Number('12345678901234567890123'),
      // What they say exactly is lost: they are floating, and do not look exact.
      '1234567890123456789.5': Number('1234567890123456789.5'),
      '9007199254740993.0': 9007199254740992,
      '1234567890123456789e1': Number('1234567890123456789e1'),
      '0.1234567890123456789': 0.12345678901234568,
    }
    for (const [text, value] of Object.entries(numbers)) {
      assert.deepEqual(readJson(text), value, text)
      assert.deepEqual(readJson(` {"a": [${text} , {"b":${text}}]}`), { a: [value, { b: value }] }, text)
    }
  })

  it('has no numbers as names', () => {
    for (const text of ['{1234567890123456789:1}', '{"a":1,-1234567890123456789 \n: 1}', '[1234567890123456789:1]'])
      assert.throws(() => readJson(text), SyntaxError, text)
  })

  it('leaves strings and names as they are', () => {
    const text =
      '{"9007199254740993": "9007199254740993", "a\\\\": "\\": 9007199254740993, ", "__proto__": 9007199254740993}'
    const read = readJson(text) as Record<string, unknown>
    assert.deepEqual(Object.entries(read), [
      ['9007199254740993', '9007199254740993'],
      ['a\\', '": 9007199254740993, '],
      ['__proto__', 9007199254740993n],
    ])
  })

  it('is what JSON.parse reads, or refuses', () => {
    const piece = fc.constantFrom(
      '1234567890123456789',
      '-',
      '0',
      '"',
      '\\',
      ',',
      '[',
      ']',
      '{',
      '}',
      ':',
      ':1',
      '.',
      'e',
      ' ',
      'a',
    )
    const any = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.json(),
      fc
        .array(
          fc.oneof(
            fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
            fc.string().map((one) => JSON.stringify(one)),
          ),
        )
        .map((all) => `[${all}]`),
    )
    const read = (text: string, parse: (text: string) => unknown): unknown => {
      try {
        return { value: rounded(parse(text)) }
      } catch {
        return 'refused'
      }
    }
    fc.assert(
      fc.property(any, (text) => {
        // 0 and -0 are one number to filters.
        assert.deepEqual(JSON.stringify(read(text, readJson)), JSON.stringify(read(text, JSON.parse)), text)
      }),
      { numRuns: 3000 },
    )
  })

  it('may be nested deeper than a stack is', () => {
    assert.ok(Array.isArray(readJson(`${'['.repeat(30_000)}1234567890123456789${']'.repeat(30_000)}`)))
  })
})
