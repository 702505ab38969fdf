import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Environment } from '@marcbachmann/cel-js'
import fc from 'fast-check'
import { Budget } from '../budget.ts'
import { requestOf } from '../fixtures/request.ts'
import { compileCel } from './filter.ts'

const PATH = '/ab/b%C3/a'
const HEADERS = { 'x-a': 'ab', 'x-b': 'b' }

/** The parser's own evaluator: right where nothing is absent, and knows no bounds. */
const theirs = new Environment().registerVariable('request', {
  schema: { path: 'string', headers: 'map<string, string>' },
})

interface Expressions {
  int: string
  string: string
  bool: string
  list: string
}

const { bool: expressions } = fc.letrec<Expressions>((tie) => {
  const [int, string, bool, list] = (['int', 'string', 'bool', 'list'] as const).map(
    (kind): fc.Arbitrary<string> => tie(kind) as fc.Arbitrary<string>,
  ) as [fc.Arbitrary<string>, fc.Arbitrary<string>, fc.Arbitrary<string>, fc.Arbitrary<string>]
  const joined = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.tuple(...parts).map((all) => all.join(''))
  const text = (value: string): fc.Arbitrary<string> => fc.constant(value)
  return {
    int: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('0', '1', '2', '-3', '9223372036854775807', '0x10'),
      joined(text('('), int, fc.constantFrom(' + ', ' - ', ' * ', ' / ', ' % '), int, text(')')),
      joined(text('size('), fc.oneof(string, list), text(')')),
      joined(string, text('.indexOf('), string, text(')')),
      fc.constantFrom('int("12")', 'int("-7")', 'int("x")', 'int(2.7)'),
      joined(text('('), bool, text(' ? '), int, text(' : '), int, text(')')),
    ),
    string: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('""', '"a"', '"b"', '"12"', 'request.path', 'request.headers["x-a"]', 'request.headers["x-b"]'),
      joined(text('('), string, text(' + '), string, text(')')),
      joined(
        string,
        fc.constantFrom('.upperAscii()', '.lowerAscii()', '.trim()', '.substring(1)', '.split("b").join("-")'),
      ),
      joined(text('string('), int, text(')')),
      joined(text('request.headers[request.headers["x-b"] == "b" ? "x-a" : "x-b"]')),
    ),
    list: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('[1, 2, 3]', '[5]'),
      joined(text('['), int, text(', '), int, text(']')),
      joined(list, text('.filter(n, n > '), int, text(')')),
      joined(list, text('.map(n, n + '), int, text(')')),
      joined(text('('), list, text(' + '), list, text(')')),
    ),
    bool: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      joined(int, fc.constantFrom(' == ', ' != ', ' < ', ' <= ', ' > ', ' >= '), int),
      joined(string, fc.constantFrom(' == ', ' != ', ' < ', ' >= '), string),
      joined(list, fc.constantFrom(' == ', ' != '), list),
      joined(string, fc.constantFrom('.startsWith(', '.endsWith(', '.contains('), string, text(')')),
      joined(int, text(' in '), list),
      joined(list, fc.constantFrom('.all(', '.exists(', '.exists_one('), text('n, n % 2 == '), int, text(')')),
      joined(text('request.headers.exists(k, k == '), string, text(')')),
      joined(text('('), bool, fc.constantFrom(' && ', ' || '), bool, text(')')),
      joined(text('!('), bool, text(')')),
    ),
  }
})

describe('expressions', () => {
  it('are worth what the evaluator of the parser says, where nothing is absent', () => {
    let compared = 0
    fc.assert(
      fc.property(expressions, (cel) => {
        const request = requestOf({ target: PATH, headers: { ...HEADERS } })
        const { host: _host, ...headers } = Object.fromEntries(request.headers)
        let expected: unknown
        try {
          expected = theirs.evaluate(cel, {
            request: { path: PATH, headers: new Map(Object.entries({ host: 'orders', ...headers })) },
          })
        } catch {
          // What fails there does not match here.
          expected = false
        }
        let filter: ReturnType<typeof compileCel>
        try {
          filter = compileCel(cel)
        } catch {
          return
        }
        compared++
        assert.equal(filter.matches(request, new Budget()), expected, cel)
      }),
      { numRuns: 3000 },
    )
    assert.ok(compared > 2000)
  })
})
