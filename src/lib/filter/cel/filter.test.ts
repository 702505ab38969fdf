import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Environment } from '@marcbachmann/cel-js'
import fc from 'fast-check'
import { readRequestText } from '../../http1/request-text.ts'
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

describe('numbers of JSON', () => {
  const request = requestOf({ body: { n: 7, zero: 0, half: 3.5, list: [1, 2] } })
  const text = '{"id": 9007199254740993, "most": 9223372036854775807}'
  const long = readRequestText(
    Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n${text}`),
  )

  it('are ints when they have no fraction', () => {
    for (const cel of [
      'request.body.n / 2 == 3 && request.body.n % 4 == 3 && -request.body.n == -7',
      'request.body.n / 2.0 == 3.5 && request.body.half * 2 == 7 && request.body.half > 3',
      'request.body.list.exists(one, one / 2 == 1) && request.body.list[request.body.list[0]] == 2',
      '{1: "a"}[request.body.list[0]] == "a"',
      'request.body.half / 0.0 > 1000',
    ]) {
      assert.equal(compileCel(cel).matches(request, new Budget()), true, cel)
    }
  })

  it('beyond 2^53 are what was sent', () => {
    for (const [cel, expected] of [
      ['request.body.id == 9007199254740993', true],
      ['request.body.id == 9007199254740992', false],
      ['request.body.id % 10 == 3 && string(request.body.id) == "9007199254740993"', true],
      ['request.body.most == 9223372036854775807 && request.body.most > 9223372036854775806', true],
      ['request.body.most + 1 > 0 || request.body.most + 1 <= 0', false],
    ] as const) {
      assert.equal(compileCel(cel).matches(long, new Budget()), expected, cel)
    }
  })

  it('divided by 0 fail, which is counted', () => {
    const failing = ['n / 0', 'n % 0', 'n / request.body.zero', 'half / 0', 'half % 2', 'n % request.body.zero']
    for (const what of failing) {
      for (const cel of [`request.body.${what} == 1`, `!(request.body.${what} == 1)`]) {
        const filter = compileCel(cel)
        assert.equal(filter.matches(request, new Budget()), false, cel)
        assert.equal(filter.failed, 1, cel)
      }
    }
  })
})

it('null is there: in lists and maps, at each turn of a loop, and compared', () => {
  const matches = (cel: string, body: unknown): boolean => compileCel(cel).matches(requestOf({ body }), new Budget())
  for (const [cel, body, expected] of [
    ['request.body[0] == null', [null], true],
    ['request.body[0] == ""', [null], false],
    ['request.body[1] == ""', [null], true],
    ['request.body == [""]', [null], false],
    ['request.body.a == request.body.b', { a: [''], b: [null] }, false],
    ['request.body.a == request.body.b', { a: [null], b: [null] }, true],
    ['request.body.exists(one, one == null)', [null], true],
    ['request.body.exists(one, one == "")', [null], false],
    ['{"a": null}["a"] == null', {}, true],
  ] as const)
    assert.equal(matches(cel, body), expected, `${cel} ${JSON.stringify(body)}`)
})
