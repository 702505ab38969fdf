import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { STEPS } from './budget.ts'
import { compileFilter } from './compile.ts'
import { HOSTILE_FILTERS, HOSTILE_REQUESTS } from './fixtures/hostile.ts'
import { requestOf } from './fixtures/request.ts'

/** A loop that nothing bounds runs for seconds or minutes on these; a busy machine does not make of milliseconds so many. */
const HANG_MS = 250

describe('the budget of a filter', () => {
  for (const cel of HOSTILE_FILTERS) {
    it(`bounds ${cel.slice(0, 100)}`, async () => {
      const filter = await compileFilter(cel)
      for (const [name, make] of Object.entries(HOSTILE_REQUESTS)) {
        const request = make()
        const { exceeded } = filter
        const startedAt = performance.now()
        const matched = filter.matches(request)
        const tookMs = performance.now() - startedAt
        assert.ok(tookMs < HANG_MS, `${name}: ${tookMs.toFixed()} ms`)
        const over = filter.spent > STEPS
        assert.equal(filter.exceeded, exceeded + (over ? 1 : 0), name)
        if (over) assert.equal(matched, false, name)
      }
    })
  }

  it('is not used up by what people write, on the largest requests', async () => {
    const usual = [
      'request.path.matches("^/api/v[0-9]+/(orders|users)(/|$)")',
      'request.path.contains("orders") && request.headers["x-long"].contains("needle")',
      'request.headers.exists(name, name.startsWith("x-debug-"))',
      'request.body.list.exists(item, item == 14999) || request.body.k4999 == "v"',
      'jwt.claims.realm_access.roles.exists(role, role == "dev") || request.query["page"] == "2"',
    ]
    for (const cel of usual) {
      const filter = await compileFilter(cel)
      for (const make of Object.values(HOSTILE_REQUESTS)) filter.matches(make())
      assert.equal(filter.exceeded, 0, cel)
    }
  })

  it('is whole again for the next request', async () => {
    const filter = await compileFilter(
      'request.path.split("").exists(a, request.path.split("").exists(b, a + b == "yz"))',
    )
    assert.equal(filter.matches(requestOf({ target: `/${'a'.repeat(9000)}` })), false)
    assert.equal(filter.exceeded, 1)
    assert.equal(filter.matches(requestOf({ target: '/zy' })), true)
    assert.ok(filter.spent < 1000)
  })

  it('counts the same for the same request, whatever was asked before, but for states that are known', async () => {
    const filter = await compileFilter('request.path.matches("^/(a|b)*c$")')
    const steps = ['/aaa', '/abab', '/aaa', '/aaa'].map((target) => {
      filter.matches(requestOf({ target }))
      return filter.spent
    })
    assert.ok((steps[2] ?? 0) < (steps[0] ?? 0))
    assert.equal(steps[2], steps[3])
  })
})
