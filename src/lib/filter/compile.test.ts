import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Budget } from './budget.ts'
import { compileCel } from './cel/filter.ts'
import { compileFilter } from './compile.ts'
import { FilterError } from './filter-error.ts'
import { type RequestText, requestOf } from './fixtures/request.ts'
import type { FilterRequest } from './request.ts'
import { writeTerm } from './term.ts'

const REQUEST: FilterRequest = withMark({
  target: '/orders/7?Page=2',
  headers: { 'x-user': 'jane', 'x-quote': 'a "b" \\ \u00e9', host: 'orders:80' },
})

function withMark({ headers, ...rest }: RequestText): FilterRequest {
  return requestOf({ ...rest, headers: { ...headers, 'x-remocal': 'jane-7f3a' } })
}

/** Any text, also what no header can be. */
function withUser(value: string): FilterRequest {
  const request = requestOf()
  return Object.defineProperties(request, {
    headers: { value: new Map([['x-user', value]]) },
    header: { value: (name: string) => (name === 'x-user' ? value : '') },
  })
}

const MATCHING: Record<string, boolean> = {
  '': true,
  'request.headers["x-user"] == "jane"': true,
  'request.headers["X-User"] == "jane"': true,
  'request.headers["x-user"] == "joe"': false,
  'request.headers["absent"] == ""': true,
  '"jane-7f3a" in request.marks': true,
  '"joe-0000" in request.marks': false,
  'request.headers["x-user"] == "jane" && "jane-7f3a" in request.marks': true,
  'request.headers["x-user"] == "jane" && request.headers["x-quote"] == "a \\"b\\" \\\\ é"': true,
  'request.headers["x-user"] == "jane" && request.method != "OPTIONS"': true,
  '!(request.headers["x-user"] == "jane")': false,
  'request.query["Page"] == "2" || request.host == "x"': true,
  'request.query["page"] == "2"': false,
  'request.path.matches("^/orders/[0-9]+$")': true,
  'request.path.matches("^/stock")': false,
  'request.path.startsWith("/orders") ? request.method == "GET" : false': true,
  'request.marks.exists(mark, mark.startsWith("jane"))': true,
  'request.headers.exists(a, request.headers.exists(b, a == b && a == "host"))': true,
  'request.scheme == "http" && source.ip == "10.1.2.3" && source.pod == ""': true,
  '10 - (5 - 2) == 7 && 7 / 2 == 3 && -7 % 2 == -1 && 2 * 3 + 1 == 7': true,
  'size(request.path) == 9 && request.path.size() == 9': true,
  'request.path.split("/")[1] == "orders" && request.path.split("/").join("-") == "-orders-7"': true,
  'request.headers["x-user"].upperAscii() + "!" == "JANE!"': true,
  'request.path.contains("ders") && request.path.indexOf("7") == 8 && request.path.substring(1, 7) == "orders"': true,
  'int(request.query["Page"]) > 1 && double(request.query["Page"]) == 2.0 && string(7) == "7"': true,
  'int(request.query["absent"]) > 1 || request.path == "/orders/7"': true,
  'int(request.query["absent"]) > 1': false,
  '!(int(request.query["absent"]) > 1)': false,
  'request.path in ["/a", "/orders/7"]': true,
  '{"/orders/7": true}[request.path]': true,
  '[1, 2, 3].filter(n, n > 1).map(n, n * 2) == [4, 6]': true,
  '[1, 2, 3].all(n, n > 0) && [1, 2].exists_one(n, n == 2) && [1, 2].map(n, n > 1, n) == [2]': true,
}

describe('filters', () => {
  for (const [cel, expected] of Object.entries(MATCHING)) {
    it(`${cel || '(everything)'} is ${expected}`, async () =>
      assert.equal((await compileFilter(cel)).matches(REQUEST), expected))
  }

  const MISTAKES: [string, RegExp, number | undefined][] = [
    ['request.metod == "GET"', /no such key: metod/, 8],
    ['request.path ==', /unexpected token/, 15],
    ['"x-user" in request.headers', /what is absent/, undefined],
    ['1 + 1', /not true or false/, undefined],
    ['request.path.matches("(a")', /RE2/, 21],
    ['"m" in request.marks && "x" in request.query', /what is absent/, 24],
    ['has(request.headers.absent)', /what is absent/, 0],
    ['request["path"] == "/"', /written request\.name/, 0],
    ['dyn(true)', /no function dyn/, 0],
    ['timestamp("2020-01-01T00:00:00Z") == timestamp("2020-01-01T00:00:00Z")', /no function timestamp/, 0],
    ['request == request', /no such overload/, 0],
    ['[request].size() == 1', /written request\.name/, 1],
    ['b"a" == b"a"', /no bytes/, undefined],
    ['request.path.matches("(a{0,100}){0,100}")', /too large/, 21],
    ['request.path == "/" && request.path.matches("a(")', /RE2/, 44],
    ['request.headers["n"] > 3', /no such overload/, 0],
    ['request.path.matches(request.query["p"])', /plain string/, undefined],
    ['request.path.replace("a", "b")', /no matching overload|no function/, undefined],
    ['who == "me"', /unknown variable/, 0],
    [`${'('.repeat(80)}true${')'.repeat(80)}`, /depth|nest/i, undefined],
    ['x'.repeat(5000), /longer than 4096/, undefined],
  ]
  for (const [cel, message, at] of MISTAKES) {
    it(`${cel.slice(0, 40)} is refused`, async () => {
      await assert.rejects(compileFilter(cel), (error) => {
        assert.ok(error instanceof FilterError)
        assert.match(error.message, message)
        if (at !== undefined) assert.equal(error.at, at)
        return true
      })
    })
  }

  it('the mark stands under the mistake, in its line', async () => {
    await assert.rejects(compileFilter('true &&\n\trequest.metod == "GET"\n&& true'), {
      shown: '\trequest.metod == "GET"\n\t        ^',
    })
    await assert.rejects(compileFilter('who == "me"'), { shown: 'who == "me"\n^' })
  })

  it('JSON that is nested deeper than a stack is does no harm', async () => {
    const body: unknown = JSON.parse(`${'['.repeat(32_000)}${']'.repeat(32_000)}`)
    for (const cel of [
      'request.body == request.body[0]',
      'request.body in request.body',
      'request.body == [request.body]',
    ]) {
      assert.equal((await compileFilter(cel)).matches(requestOf({ body })), false, cel)
    }
  })

  it('text that is made to take long is read in a moment', async () => {
    const texts = [
      `${'('.repeat(2000)}${')'.repeat(2000)}`,
      `!${'( '.repeat(1000)}${' )'.repeat(1000)}x`,
      `request.path${' '.repeat(3900)}=`,
      `${'\t'.repeat(2000)}"a"${'\t'.repeat(2000)}in x`,
      `${'(request.path=="/")&&('.repeat(180)}true${')'.repeat(180)}`,
      `request.path == r"${'\\\\'.repeat(1900)}`,
      `request.path == "${'\\u0041'.repeat(600)}`,
    ]
    // Loads the engine.
    await compileFilter('true')
    for (const text of texts) {
      const startedAt = performance.now()
      await compileFilter(text).catch(() => {})
      assert.ok(performance.now() - startedAt < 250, text.slice(0, 30))
    }
  })

  it('a pattern that would stall a backtracking engine is matched in linear time', async () => {
    const filter = await compileFilter('request.path.matches("^/(a+)+$")')
    assert.equal(filter.matches(requestOf({ target: `/${'a'.repeat(20_000)}!` })), false)
  })

  it('any text is found again as the literal that was written, with and without the engine', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 12 }), async (value) => {
        const cel = writeTerm({ kind: 'header', name: 'X-User', value })
        const [filter, engine] = [await compileFilter(cel), compileCel(cel)]
        for (const [text, expected] of [
          [value, true],
          [`${value}!`, false],
        ] as const) {
          assert.equal(filter.matches(withUser(text)), expected, cel)
          assert.equal(engine.matches(withUser(text), new Budget()), expected, cel)
        }
      }),
    )
  })

  it('whatever text is given, it compiles or is refused as a filter', async () => {
    const words = fc.constantFrom(...'request . path headers [ ] "a" == && || ( ) ! in matches 1 marks ? :'.split(' '))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(words).map((all) => all.join(' ')),
        ),
        async (cel) => {
          try {
            assert.equal(typeof (await compileFilter(cel)).matches(REQUEST), 'boolean')
          } catch (error) {
            assert.ok(error instanceof FilterError, String(error))
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})
