import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { STEPS } from './budget.ts'
import { compileFilter, type Filter } from './compile.ts'
import { requests, terms } from './fixtures/arbitrary.ts'
import { requestOf } from './fixtures/request.ts'
import { FilterTable } from './table.ts'
import { writeTerms } from './term.ts'

describe('a table of filters', () => {
  it('finds what a search from first to last finds', async () => {
    const filters = fc.oneof(
      fc.array(terms, { maxLength: 2 }).map(writeTerms),
      fc
        .array(terms, { minLength: 1, maxLength: 2 })
        .map((all) => `${writeTerms(all)} && (request.path != "/b" || false)`),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(filters, fc.boolean()), { maxLength: 12 }),
        fc.array(requests, { minLength: 1, maxLength: 8 }),
        async (all, asked) => {
          const entries = await Promise.all(
            all.map(async ([cel, usable], place) => ({ filter: await compileFilter(cel), value: { place, usable } })),
          )
          const table = new FilterTable(entries)
          const isUsable = ({ usable }: { usable: boolean }): boolean => usable
          for (const text of asked) {
            const matching = entries.filter(({ filter, value }) => value.usable && filter.matches(requestOf(text)))
            assert.deepEqual(
              table.all(requestOf(text), isUsable),
              matching.map(({ value }) => value),
            )
            assert.deepEqual(table.first(requestOf(text), isUsable), matching[0]?.value)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('asks of many filters by one header only those that want its value', async () => {
    let asked = 0
    const entries = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const filter = await compileFilter(`request.headers["x-user"] == "u${index}"`)
        return { filter: counted(filter, () => asked++), value: index }
      }),
    )
    const table = new FilterTable(entries)
    assert.equal(
      table.first(requestOf({ headers: { 'x-user': 'u49' } }), () => true),
      49,
    )
    assert.equal(asked, 1)
    assert.equal(
      table.first(requestOf({ headers: { 'x-user': 'u50' } }), () => true),
      undefined,
    )
    assert.equal(
      table.first(requestOf(), () => true),
      undefined,
    )
    assert.equal(asked, 1)
  })

  it('keeps the order between those that it finds by an index and the others', async () => {
    const cels = ['request.path == "/a"', '"jane-1" in request.marks', 'request.headers["x-a"] == "1"', '']
    const entries = await Promise.all(cels.map(async (cel, value) => ({ filter: await compileFilter(cel), value })))
    const table = new FilterTable(entries)
    const all = requestOf({ target: '/a', headers: { 'x-remocal': 'jane-1', 'x-a': '1' } })
    assert.deepEqual(
      table.all(all, () => true),
      [0, 1, 2, 3],
    )
    for (const first of [0, 1, 2, 3])
      assert.equal(
        table.first(all, (value) => value >= first),
        first,
      )
  })

  it('finds filters by many different headers, and by values that several lines make', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `x-${index}`)
    const entries = await Promise.all(
      names.map(async (name, value) => ({
        filter: await compileFilter(`request.headers["${name}"] == "a, b"`),
        value,
      })),
    )
    const table = new FilterTable(entries)
    const two = requestOf({ headers: { 'X-17': 'a, b', 'x-9': ['a', 'b'], 'x-3': 'a' } })
    assert.equal(
      table.first(two, () => true),
      9,
    )
    assert.deepEqual(
      table.all(two, () => true),
      [9, 17],
    )
    assert.equal(
      table.first(two, (value) => value !== 9),
      17,
    )
  })

  it('many filters that take long share what two may spend', async () => {
    const filters = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        compileFilter(`request.path.matches("(x.{0,200}y.{0,200}){2}Q${index}")`),
      ),
    )
    const table = new FilterTable(filters.map((filter) => ({ filter, value: 1 })))
    assert.equal(
      table.first(requestOf({ target: `/${'xy'.repeat(30_000)}` }), () => true),
      undefined,
    )
    const spent = filters.reduce((sum, filter) => sum + filter.spent, 0)
    assert.ok(spent > STEPS / 2 && spent < 2.1 * STEPS, `${spent} steps`)
    assert.ok(filters.every(({ exceeded }) => exceeded === 1))
  })

  it('knows what its filters need', async () => {
    const needs = async (...cels: string[]): Promise<object> =>
      new FilterTable(await Promise.all(cels.map(async (cel) => ({ filter: await compileFilter(cel), value: cel }))))
        .needs
    assert.deepEqual(await needs('', 'request.path == "/"', 'source.ip == ""'), { body: false, source: false })
    assert.deepEqual(await needs('', 'request.body.a.b == 1'), { body: true, source: false })
    assert.deepEqual(await needs('source.pod == "" || true', '[1].all(x, source.namespace != "a")'), {
      body: false,
      source: true,
    })
    assert.deepEqual(await needs('{"request.body": 1, "source.pod": 2}.size() == 2'), { body: false, source: false })
  })
})

function counted(filter: Filter, count: () => void): Filter {
  const { needs, terms: required, looksInside, isCostly, exceeded, failed, spent } = filter
  return {
    needs,
    looksInside,
    isCostly,
    terms: required,
    exceeded,
    failed,
    spent,
    matches(request, steps) {
      count()
      return filter.matches(request, steps)
    },
  }
}
