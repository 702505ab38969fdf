import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { Budget } from '../budget.ts'
import { compilePattern } from './pattern.ts'
import { patternSize } from './size.ts'

/** Patterns of all kinds of pieces, some of them malformed. */
const patterns: fc.Arbitrary<string> = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(
      'a',
      'b',
      'ab',
      '.',
      '\\d',
      '\\w',
      '\\W',
      '\\s',
      '[ab]',
      '[^a]',
      '[a-c0-9_]',
      '\\pL',
      '[[:alpha:]x]',
      'é',
      'Ω',
      '😀',
    ),
    fc.constantFrom(
      '^',
      '$',
      '\\b',
      '\\B',
      '\\A',
      '\\z',
      '(?i)A',
      '(?m)^',
      '(?m)a$',
      '(?s).',
      '\\n',
      '\\x{1F600}',
      '(?i)k',
      'ſ',
    ),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '+?', '{2}', '{0,3}', '{2,}'))
      .map(([one, many]) => `(?:${one})${many}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
  ),
})).pattern

/** What has a meaning of its own, in any order: few are patterns, but those are the strange ones. */
const pieces = fc
  .array(
    fc.constantFrom(
      ...['(', ')', '(?:', '(?i)', '(?P<n>', '[', ']', '[^', '[:alpha:]', '{2}', '{3,}', '{', '}', ',', '*', '+'],
      ...['?', '|', '\\Q', '\\E', '\\', '\\pL', '\\p{Greek}', '\\x{61}', '\\b', '^', '$', '.', '-', '2', 'a', '😀'],
    ),
    { maxLength: 10 },
  )
  .map((some) => some.join(''))

const texts = fc.oneof(
  fc.string({
    unit: fc.constantFrom('a', 'b', 'c', 'A', '1', '_', ' ', '\n', 'é', 'Ω', '😀', 'k', '\u212a', 'ſ'),
    maxLength: 24,
  }),
  fc.string({ unit: 'binary', maxLength: 12 }),
)

describe('patterns', () => {
  it('are found where the engine that they come from finds them', () => {
    fc.assert(
      fc.property(patterns, fc.array(texts, { minLength: 1, maxLength: 6 }), (source, samples) => {
        const theirs = RE2JS.compile(source)
        const ours = compilePattern(source)
        for (const text of samples)
          assert.equal(
            ours.find(text, new Budget()),
            theirs.matcher(text).find(),
            `${source} in ${JSON.stringify(text)}`,
          )
      }),
      { numRuns: 3000 },
    )
  })

  it('have no more instructions than their text tells', () => {
    fc.assert(
      fc.property(fc.oneof(patterns, fc.string(), pieces), (source) => {
        let program: number
        try {
          program = RE2JS.compile(source).programSize()
        } catch {
          return
        }
        assert.ok(program <= patternSize(source) + 4, `${source}: ${program} > ${patternSize(source)}`)
      }),
      { numRuns: 3000 },
    )
  })

  it('are refused when repetitions make them too large, before anything is compiled', () => {
    for (const source of [
      '(a{0,100}){0,100}',
      '((a{1,30}){1,30}){1,30}',
      '(?:(?:x{1000}){1000}){1000}',
      `${'\\pL'.repeat(300)}`,
      '\\Q[\\E(a{0,100}){0,100}]',
      `${'a{30}(?s){30}'.repeat(4)}`,
    ]) {
      assert.throws(() => compilePattern(source), /too large/, source)
    }
  })

  it('go on being right when their states are forgotten and made again', () => {
    // 2^13 states, of which each character needs another one.
    const [ours, theirs] = [compilePattern('a[ab]{12}c'), RE2JS.compile('a[ab]{12}c')]
    let state = 1
    for (let turn = 0; turn < 40; turn++) {
      const text = Array.from({ length: 300 }, () => {
        state = (state * 1103515245 + 12345) % 2147483648
        return 'ab'[(state >> 16) & 1]
      }).join('')
      assert.equal(ours.find(`${text}c`, new Budget()), theirs.matcher(`${text}c`).find())
      assert.equal(ours.find(text, new Budget()), false)
    }
  })
})
