import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileFilter } from './compile.ts'
import { requests, terms } from './fixtures/arbitrary.ts'
import { requestOf } from './fixtures/request.ts'
import { type Overlap, overlap, rankOf } from './overlap.ts'
import { writeTerms } from './term.ts'

const user = (value: string): string => `request.headers["x-user"] == "${value}"`

const DECIDED: [string, string, Overlap][] = [
  [user('bob'), user('bob'), 'overlap'],
  [user('bob'), user('jane'), 'disjoint'],
  [user('bob'), 'request.headers["x-user"].startsWith("b")', 'overlap'],
  [user('bob'), 'request.headers["X-User"].startsWith("j")', 'disjoint'],
  [user('bob'), 'request.path.startsWith("/api")', 'overlap'],
  [user('bob'), 'request.headers["x-user"] != "bob"', 'disjoint'],
  [user('bob'), 'request.headers["x-user"].matches("^b")', 'overlap'],
  [user('bob'), 'request.headers["x-user"].matches("^j")', 'disjoint'],
  [user('bob'), '!request.headers["x-user"].matches("^b")', 'disjoint'],
  [user('bob'), 'request.path.matches("^/api/[0-9]+$")', 'unknown'],
  [user('bob'), 'request.path.size() > 3', 'unknown'],
  [user('bob'), `${user('jane')} && request.path.size() > 3`, 'disjoint'],
  ['request.path.startsWith("/a")', 'request.path.startsWith("/ab")', 'overlap'],
  ['request.path.startsWith("/a")', 'request.path.startsWith("/b")', 'disjoint'],
  ['request.path.startsWith("/a")', '!request.path.startsWith("/a/b")', 'overlap'],
  ['request.path.startsWith("/a/b")', '!request.path.startsWith("/a")', 'disjoint'],
  ['"jane-1" in request.marks', '"bob-2" in request.marks', 'disjoint'],
  ['"jane-1" in request.marks', '!("jane-1" in request.marks)', 'disjoint'],
  ['"jane-1" in request.marks', '', 'overlap'],
  ['', '', 'overlap'],
  ['request.path.size() > 3', ' request.path.size()>3', 'overlap'],
]

describe('overlap', () => {
  for (const [a, b, expected] of DECIDED) {
    it(`${a || '(everything)'} and ${b || '(everything)'}: ${expected}`, () => {
      assert.equal(overlap(a, b), expected)
      assert.equal(overlap(b, a), expected)
    })
  }

  it('never says disjoint of filters that one request matches, nor that all requests of one are of none', async () => {
    const filters = fc.array(terms, { minLength: 1, maxLength: 3 }).map(writeTerms)
    let disjoint = 0
    await fc.assert(
      fc.asyncProperty(filters, filters, fc.array(requests, { minLength: 20, maxLength: 60 }), async (a, b, asked) => {
        const said = overlap(a, b)
        if (said === 'disjoint') disjoint++
        const [left, right] = [await compileFilter(a), await compileFilter(b)]
        const common = asked.find((text) => left.matches(requestOf(text)) && right.matches(requestOf(text)))
        if (common !== undefined) assert.notEqual(said, 'disjoint', `${a} and ${b}: ${JSON.stringify(common)}`)
      }),
      { numRuns: 1000 },
    )
    assert.ok(disjoint > 50, 'it was said often enough to be tested')
  })

  it('ranks personal filters before shared ones, and what takes everything last', () => {
    assert.equal(rankOf('"jane-1" in request.marks'), 0)
    assert.equal(rankOf('request.path.size() > 3 && "jane-1" in request.marks'), 0)
    assert.equal(rankOf('!("jane-1" in request.marks)'), 1)
    assert.equal(rankOf('"jane-1" in request.marks || request.path == "/"'), 1)
    assert.equal(rankOf(user('bob')), 1)
    assert.equal(rankOf(''), 2)
  })
})
