import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Intercept } from '../../kube/resources.ts'
import type { Pod } from '../kinds.ts'
import { podConfig } from './agent-config.ts'
import { decideAll } from './decide.ts'
import { intercept, session, shop } from './fixtures.ts'

const SESSIONS = new Map(['jane', 'bob', 'eve'].map((name) => [name, session(name)]))

function configOf(intercepts: Intercept[], features = ['watch']): ReturnType<typeof podConfig> {
  const view = shop()
  const decisions = decideAll({
    intercepts,
    view: () => view,
    filterProblem: () => undefined,
    lacking: () => undefined,
  })
  const [pod] = view.pods as Pod[]
  assert.ok(pod !== undefined)
  return podConfig(pod, decisions, SESSIONS, features)
}

describe("an agent's config", () => {
  it('has the routes in the order in which they are tried: priority, rank, age', () => {
    const { routes } = configOf([
      intercept({ filter: '' }, { name: 'all', creationTimestamp: '2026-01-01T00:00:01Z' }),
      intercept({ filter: 'request.method == "GET"' }, { name: 'late', creationTimestamp: '2026-01-01T00:00:03Z' }),
      intercept({ filter: 'request.method == "PUT"' }, { name: 'early', creationTimestamp: '2026-01-01T00:00:02Z' }),
      intercept({ filter: '"jane-1" in request.marks' }, { name: 'own', creationTimestamp: '2026-01-01T00:00:05Z' }),
      intercept({ filter: '', priority: 5 }, { name: 'first', creationTimestamp: '2026-01-01T00:00:04Z' }),
    ])
    assert.deepEqual(
      routes.map(({ name }) => name),
      ['shop/first', 'shop/own', 'shop/early', 'shop/late', 'shop/all'],
    )
  })

  it('names the keys of those who have routes, and of nobody else', () => {
    const { peers } = configOf([intercept({ session: 'jane' }), intercept({ session: 'bob', filter: '' })])
    assert.deepEqual(peers, { jane: 'key of jane', bob: 'key of bob' })
  })

  it('leaves out what has no session any more, and what was not accepted', () => {
    assert.deepEqual(configOf([intercept({ session: 'gone' })]).routes, [])
    assert.equal(configOf([intercept({}), intercept({})]).routes.length, 1)
  })

  it('says what a wiretap copies, each pod its part of the rate; and who answers when nothing listens', () => {
    const { routes } = configOf([
      intercept({ mode: 'wiretap', wiretap: { percent: 10, maxRps: 50, diff: true } }, { name: 'a' }),
      intercept({ mode: 'wiretap', wiretap: { percent: 100, diff: false } }, { name: 'b' }),
      intercept({ ifDown: 'error', reopen: true, tls: { key: '/k', plaintext: true } }, { name: 'c' }),
      intercept({ filter: 'true', tls: {} }, { name: 'd' }),
    ])
    assert.deepEqual(
      routes.map(({ mode, copies, ifDown, tls, reopen }) => ({ mode, copies, ifDown, tls, reopen })),
      [
        {
          mode: 'wiretap',
          copies: { percent: 10, maxRps: 25, diff: true },
          ifDown: undefined,
          tls: undefined,
          reopen: undefined,
        },
        {
          mode: 'wiretap',
          copies: { percent: 100, diff: false },
          ifDown: undefined,
          tls: undefined,
          reopen: undefined,
        },
        {
          mode: 'intercept',
          copies: undefined,
          ifDown: 'error',
          tls: { files: ['/k'], plaintext: true },
          reopen: true,
        },
        { mode: 'intercept', copies: undefined, ifDown: undefined, tls: { files: [] }, reopen: undefined },
      ],
    )
  })

  it('says what a watch is about, to agents that know watches', () => {
    const watch = { mark: 'verify-1a', trace: '0'.repeat(32), from: ['10.0.0.1'] }
    const both = [intercept({ mode: 'watch', filter: '', watch }, { name: 'a' }), intercept({}, { name: 'b' })]
    assert.deepEqual(
      configOf(both).routes.map(({ mode, watch: about }) => ({ mode, about })),
      [
        { mode: 'intercept', about: undefined },
        { mode: 'watch', about: watch },
      ],
    )
    assert.deepEqual(
      configOf(both, []).routes.map(({ name }) => name),
      ['shop/b'],
    )
  })

  it("names the pod's probes by number", () => {
    assert.deepEqual(configOf([]).probes, [{ port: 8080, path: '/health' }, { port: 8080 }])
  })
})
