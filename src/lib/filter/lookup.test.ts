import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compileFilter } from './compile.ts'
import { requestOf } from './fixtures/request.ts'
import type { FilterRequest } from './request.ts'
import { FilterTable } from './table.ts'

const ESCAPED = requestOf({
  target: `/?${'%61%62=%63&'.repeat(1000)}last=1`,
  headers: { cookie: 'a="1"; b=2; a=3' },
})

/** Counts how often parameters or cookies are read out of the request. */
function counted(request: FilterRequest): { request: FilterRequest; reads: string[] } {
  const reads: string[] = []
  const seen = new Proxy(request, {
    get(target, name) {
      if (typeof name === 'string' && /^(query|cookie|queries|cookies)$/.test(name)) reads.push(name)
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { request: seen, reads }
}

describe('looking up parameters and cookies', () => {
  it('takes the first of a name, decoded, and "" for what is absent', async () => {
    for (const cel of [
      'request.query["ab"] == "c"',
      'request.query["%61%62"] == ""',
      'request.cookies["a"] == "1" && request.cookies["c"] == "" && request.query[""] == ""',
      'request.query["ab"] + request.cookies["b"] == "c2"',
    ]) {
      assert.equal((await compileFilter(cel)).matches(ESCAPED), true, cel)
    }
  })

  it('never decodes one by one, and costs the filters after the first next to nothing', async () => {
    const texts = Array.from({ length: 50 }, (_, at) =>
      at % 2 === 0 ? `request.query["u${at}"] == "x"` : `request.query["u${at}"] == "x" || request.cookies["b"] == "3"`,
    )
    const filters = await Promise.all(texts.map(compileFilter))
    const { request, reads } = counted(ESCAPED)
    const found = new FilterTable(filters.map((filter, value) => ({ filter, value }))).first(request, () => true)
    assert.equal(found, undefined)
    assert.ok(reads.every((read) => read === 'queries' || read === 'cookies'))
    const [first = 0, ...later] = filters.map(({ spent }) => spent)
    assert.ok(first > request.bytes >> 2)
    // The second is the first that asks for cookies.
    for (const spent of later.slice(1)) assert.ok(spent < 100, `${spent}`)
  })

  it('is paid for by short forms too: what takes too long does not match, and is counted', async () => {
    const large = requestOf({ headers: { 'x-long': 'a'.repeat(60_000) } })
    const filter = await compileFilter('request.headers["h1"] != "1"')
    assert.equal(filter.isCostly, false)
    assert.equal(filter.matches(requestOf(), 10_000), true)
    assert.equal(filter.matches(large, 10_000), false)
    assert.equal(filter.exceeded, 1)
  })

  it('of many headers goes through a head once, and is paid for once', async () => {
    const large = requestOf({ headers: { 'x-long': 'a'.repeat(60_000) } })
    const terms = Array.from({ length: 110 }, (_, at) => `request.headers["h${at}"] != "1"`).join(' && ')
    const [first, second] = await Promise.all([compileFilter(terms), compileFilter(terms)])
    assert.equal(first?.matches(large), true)
    assert.equal(second?.matches(large), true)
    assert.ok((second?.spent ?? 0) <= (first?.spent ?? 0) - (large.bytes >> 2))
  })

  it('a short form beside many expressions has steps of its own', async () => {
    const large = requestOf({ target: '/?user=bob', headers: { 'x-long': 'a'.repeat(60_000) } })
    const costly = await Promise.all(Array.from({ length: 60 }, () => compileFilter('request.path.size() == 99')))
    const filters = [...costly, await compileFilter('request.query["user"] == "bob"')]
    const table = new FilterTable(filters.map((filter, value) => ({ filter, value })))
    assert.equal(
      table.first(large, () => true),
      60,
    )
  })
})
