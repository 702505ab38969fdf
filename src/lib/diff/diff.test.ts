import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Answer, diffAnswers } from './answers.ts'
import type { Difference } from './difference.ts'
import { Findings, MAX_TOLD } from './findings.ts'
import { IGNORED_HEADERS, type Ignored, ignoring } from './ignored.ts'
import { diffJson, type Json, readJson } from './json.ts'
import { ANY, readPattern, type Step, writePath } from './path.ts'

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
const step: fc.Arbitrary<Step> = fc.oneof(fc.string(), fc.nat(1e6))

function ignored(...fields: string[]): Ignored {
  const known = ignoring(fields)
  assert.ok(!('wrong' in known))
  return known
}

/** The same document, written anew with its keys in another order. */
function turned(value: Json): Json {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, one]) => [key, turned(one)]),
  )
}

/** All differences, however many. */
function all(a: Json, b: Json, patterns: string[] = []): Difference[] {
  const findings = new Findings()
  diffJson(
    a,
    b,
    patterns.map((text) => readPattern(text) ?? []),
    findings,
  )
  fc.pre(findings.more === 0)
  return findings.all
}

describe('paths', () => {
  it('are read as they are written', () => {
    fc.assert(fc.property(fc.array(step), (steps) => assert.deepEqual(readPattern(writePath(steps)), steps)))
  })

  it('may have steps of any name', () => {
    assert.deepEqual(readPattern('$.items[*].*["a b"]'), ['items', ANY, ANY, 'a b'])
    assert.deepEqual(readPattern('$.at*.b'), [{ prefix: 'at' }, 'b'])
  })

  it('that are none are refused', () => {
    for (const text of ['a', '$a', '$.', '$[', '$[-1]', '$["a]', '$..a', '$.a.', '$["\\q"]', '$.a*b', '$.a**']) {
      assert.equal(readPattern(text), undefined, text)
    }
  })
})

describe('documents', () => {
  it('that are equal have no difference, whatever the order of their keys', () => {
    fc.assert(fc.property(json, (value) => assert.deepEqual(all(value, turned(value)), [])))
  })

  it('that differ have one', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        assert.equal(all(a, b).length > 0, !same(a, b))
      }),
    )
  })

  it('differ the other way round in the same places', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const fields = (found: Difference[]): string[] => found.map(({ field }) => field).sort()
        assert.deepEqual(fields(all(a, b)), fields(all(b, a)))
      }),
    )
  })

  it('lose exactly the differences at a path that is ignored, and below it', () => {
    fc.assert(
      fc.property(json, json, fc.nat(), (a, b, pick) => {
        const found = all(a, b)
        const chosen = found[pick % Math.max(1, found.length)]?.field ?? '$'
        const rest = found.filter(({ field }) => field !== chosen)
        assert.deepEqual(all(a, b, [chosen]), rest)
      }),
    )
  })

  it('are compared place by place, and named by where they differ', () => {
    const [a, b] = ['{"items":[{"id":1,"at":5},{"id":2}],"x y":1}', '{"x y":2,"items":[{"id":1,"at":6}]}'].map(readJson)
    assert.ok(a !== undefined && b !== undefined)
    const found: Difference[] = [
      { field: '$.items[0].at', app: '5', laptop: '6' },
      { field: '$.items[1]', app: '{"id":2}' },
      { field: '$["x y"]', app: '1', laptop: '2' },
    ]
    assert.deepEqual(all(a, b), found)
    assert.deepEqual(all(a, b, ['$.items[*].at', '$["x y"]']), found.slice(1, 2))
    assert.deepEqual(all(a, b, ['$.items']), found.slice(2))
    assert.deepEqual(all(a, b, ['$.it*[1]']), [found[0], found[2]])
    assert.deepEqual(all(a, b, ['$']), [])
  })

  it('tell whole numbers apart that no double does, where the engine can', () => {
    const [a, b] = [readJson('[12345678901234567890]'), readJson('[12345678901234567891]')]
    assert.ok(a !== undefined && b !== undefined)
    if (typeof (a as Json[])[0] !== 'bigint') return
    assert.deepEqual(all(a, b), [{ field: '$[0]', app: '12345678901234567890', laptop: '12345678901234567891' }])
  })

  it('that are nested beyond measure are no documents', () => {
    for (const depth of [501, 100_000]) assert.equal(readJson('['.repeat(depth) + ']'.repeat(depth)), undefined)
  })

  it('tell a bounded number of differences and count the others', () => {
    const findings = new Findings()
    diffJson(Array<Json>(1000).fill(1), [], [], findings)
    assert.deepEqual([findings.all.length, findings.more], [MAX_TOLD, 1000 - MAX_TOLD])
  })
})

describe('answers', () => {
  const answer = (body: string, ...headers: [string, string][]): Answer => ({
    status: 200,
    headers: [['content-type', 'application/json'], ...headers],
    body: Buffer.from(body),
  })

  it('that say the same in other words have no difference', () => {
    const one = answer('{"a":1,"b":[true]}', ['date', 'Mon'], ['vary', 'a'], ['vary', 'b'], ['content-length', '18'])
    const other = answer('{ "b": [true], "a": 1 }', ['vary', 'a, b'], ['transfer-encoding', 'chunked'])
    assert.deepEqual(diffAnswers(one, other, ignored()), { differences: [], more: 0 })
  })

  it('differ by status, headers and body, each of which may be ignored', () => {
    const one = answer('{"a":1}', ['x-case', 'one'])
    const other = {
      ...answer('{"a":2}', ['X-Other', 'b'].map((x) => x.toLowerCase()) as [string, string]),
      status: 500,
    }
    const { differences } = diffAnswers(one, other, ignored())
    assert.deepEqual(differences, [
      { field: 'status', app: '200', laptop: '500' },
      { field: 'x-case', app: 'one' },
      { field: 'x-other', laptop: 'b' },
      { field: '$.a', app: '1', laptop: '2' },
    ])
    for (const { field } of differences) {
      const rest = differences.filter((one) => one.field !== field)
      assert.deepEqual(diffAnswers(one, other, ignored(field)).differences, rest)
    }
    assert.deepEqual(
      diffAnswers(one, other, ignored('Status'.toLowerCase(), 'X-Case', 'x-other', 'body')).differences,
      [],
    )
  })

  it('that are no JSON, or not both, differ by their bytes', () => {
    const plain = (body: string): Answer => ({
      status: 200,
      headers: [['content-type', 'text/plain']],
      body: Buffer.from(body),
    })
    const { differences } = diffAnswers(plain('hello jane'), plain('hello bob'), ignored())
    assert.deepEqual(differences, [
      { field: 'body', app: '10 bytes, from byte 6 "jane"', laptop: '9 bytes, from byte 6 "bob"' },
    ])
    const [half] = diffAnswers(answer('{"a":1}'), answer('{"a":'), ignored('content-type')).differences
    assert.equal(half?.field, 'body')
  })

  it('ignore what never counts, and refuse what names no field', () => {
    for (const name of IGNORED_HEADERS) {
      assert.deepEqual(diffAnswers(answer('1', [name, 'x']), answer('1', [name, 'y']), ignored()).differences, [])
    }
    assert.deepEqual(ignoring(['$.a', '$.b[']), { wrong: '$.b[' })
    for (const wrong of ['not a header', 'x-*-id', '', '$x-*y', 'x\\a']) assert.deepEqual(ignoring([wrong]), { wrong })
  })

  it('ignore headers by what their names begin with', () => {
    const one = answer('1', ['x-a', '1'], ['x-b', '1'], ['x', '1'], ['y-*', '1'])
    const fields = (...names: string[]): string[] =>
      diffAnswers(one, answer('1'), ignored(...names)).differences.map(({ field }) => field)
    assert.deepEqual(fields('X-*'), ['x', 'y-*'])
    assert.deepEqual(fields('x-a', 'y-\\*'), ['x', 'x-b'])
    assert.deepEqual(fields('*'), [])
  })
})

function same(a: Json, b: Json): boolean {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}
