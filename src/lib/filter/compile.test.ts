import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileFilter } from './compile.ts'
import { FilterError } from './filter-error.ts'
import { type RequestText, requestOf } from './fixtures/request.ts'
import type { FilterRequest } from './request.ts'
import { curlFlags, normalize, readTerms, writeTerm, writeTerms } from './terms.ts'

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
    ['request["path"] == "/"', /request\.path/, 0],
    ['dyn(true)', /not true or false/, undefined],
    ['request.path.matches(request.query["p"])', /plain string/, undefined],
    ['request.path.matchesLinear("a")', /no function/, undefined],
    ['request.headers.exists(a, request.headers.exists(b, a == b))', /within another loop/, undefined],
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

  it('a pattern that would stall a backtracking engine is matched in linear time', async () => {
    const filter = await compileFilter('request.path.matches("^/(a+)+$")')
    assert.equal(filter.matches(requestOf({ target: `/${'a'.repeat(20_000)}!` })), false)
  })

  it('any text is found again as the literal that was written, with and without the engine', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 12 }), async (value) => {
        const short = writeTerm({ kind: 'header', name: 'X-User', value })
        for (const cel of [short, `(${short})`]) {
          const filter = await compileFilter(cel)
          assert.equal(filter.matches(withUser(value)), true, cel)
          assert.equal(filter.matches(withUser(`${value}!`)), false, cel)
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

  it('short forms are written, read and shown as flags of curl', () => {
    const cel = writeTerms([
      { kind: 'header', name: 'X-User', value: 'j "x"' },
      { kind: 'mark', mark: 'jane-7f3a' },
    ])
    assert.deepEqual(readTerms(cel), [
      { kind: 'header', name: 'x-user', value: 'j "x"' },
      { kind: 'mark', mark: 'jane-7f3a' },
    ])
    assert.deepEqual(curlFlags(cel), ['-H', 'x-user: j "x"', '-H', 'x-remocal: jane-7f3a'])
    assert.equal(curlFlags('request.method == "GET"'), undefined)
  })

  it('normalizes order and blanks of short forms', () => {
    const a = 'request.headers["a"]=="1"  &&  request.headers["b"] == "2"'
    const b = 'request.headers["b"] == "2" && request.headers["A"] == "1"'
    assert.equal(normalize(a), normalize(b))
    assert.notEqual(normalize(a), normalize('request.headers["a"] == "1"'))
    assert.equal(normalize(' request.method  ==\n"A  B"||true'), 'request.method=="A  B"||true')
    assert.equal(normalize('"a"  in  request.marks || true'), '"a"in request.marks||true')
  })
})
