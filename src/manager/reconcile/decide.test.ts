import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Intercept } from '../../kube/resources.ts'
import { type Decision, decideAll } from './decide.ts'
import { intercept, shop } from './fixtures.ts'
import type { NamespaceView } from './workload.ts'

function decide(intercepts: Intercept[], view: NamespaceView | undefined = shop()): Map<string, Decision> {
  const decisions = decideAll({
    intercepts,
    view: () => view,
    filterProblem: (cel) => (cel === 'broken' ? 'unexpected token' : undefined),
    lacking: () => undefined,
  })
  return new Map(decisions.map((decision) => [decision.intercept.metadata.name, decision]))
}

describe('decisions', () => {
  it('an attachment covers the running pods of its workload', () => {
    const one = decide([intercept({}, { name: 'a' })], shop(['Running', 'Pending', 'Running'])).get('a')
    assert.equal(one?.accepted, true)
    assert.deepEqual(
      one?.pods.map(({ metadata }) => metadata.name),
      ['orders-1-0', 'orders-1-2'],
    )
  })

  it('nothing is said before the namespace is known', () => {
    const decisions = decideAll({
      intercepts: [intercept({})],
      view: () => undefined,
      filterProblem: () => undefined,
      lacking: () => undefined,
    })
    assert.deepEqual(decisions, [])
  })

  it('what does not exist is named, with what does', () => {
    const decisions = decide([
      intercept({ workload: { kind: 'Deployment', name: 'order' } }, { name: 'workload' }),
      intercept({ ports: [{ port: 81, target: 81 }] }, { name: 'port' }),
      intercept({ filter: 'broken' }, { name: 'filter' }),
    ])
    assert.equal(decisions.get('workload')?.reason, 'WorkloadNotFound')
    assert.equal(decisions.get('port')?.reason, 'PortNotFound')
    assert.match(decisions.get('port')?.message ?? '', /no port 81; it has 8080/)
    assert.equal(decisions.get('filter')?.reason, 'FilterInvalid')
  })

  const later = { creationTimestamp: '2026-01-01T00:00:09Z' }

  it('of two that want the same the older one has it, whatever the order in which they are seen', () => {
    const first = intercept({ owner: 'jane' }, { name: 'z' })
    const second = intercept({ owner: 'bob', filter: ' "jane-1"  in request.marks ' }, { name: 'a', ...later })
    for (const all of [
      [first, second],
      [second, first],
    ]) {
      const decisions = decide(all)
      assert.equal(decisions.get('z')?.accepted, true)
      assert.equal(decisions.get('a')?.reason, 'Conflict')
      assert.match(decisions.get('a')?.message ?? '', /held by jane since 2026-01-01T00:00:00Z/)
    }
  })

  it('of one second the one that was accepted keeps it', () => {
    const accepted = intercept({}, { name: 'z' })
    const condition = {
      type: 'Accepted',
      status: 'True',
      reason: 'Accepted',
      message: '',
      lastTransitionTime: '',
    } as const
    accepted.status = { conditions: [condition] }
    const decisions = decide([intercept({}, { name: 'a' }), accepted])
    assert.equal(decisions.get('z')?.accepted, true)
    assert.equal(decisions.get('a')?.accepted, false)
  })

  it('other requests, another port or another priority are no conflict', () => {
    const decisions = decide([
      intercept({}, { name: 'a' }),
      intercept({ filter: '"bob-1" in request.marks' }, { name: 'b' }),
      intercept({ filter: '' }, { name: 'c' }),
      intercept({ priority: 1 }, { name: 'd' }),
    ])
    assert.deepEqual(
      [...decisions.values()].map(({ accepted }) => accepted),
      [true, true, true, true],
    )
  })

  const user = (filter: string, name: string, spec: Partial<Intercept['spec']> = {}): Intercept =>
    intercept({ filter, owner: name, ...spec }, { name })

  it('a personal mark, a header and everything stand beside each other', () => {
    const decisions = decide([
      user('', 'all'),
      user('"jane-1" in request.marks', 'jane'),
      user('"bob-1" in request.marks', 'bob'),
      user('request.headers["x-user"] == "eve"', 'eve'),
      user('request.headers["x-user"] == "tom"', 'tom'),
    ])
    assert.ok([...decisions.values()].every(({ accepted }) => accepted))
  })

  it('filters that one request may match are a conflict, which names the holder and what to do', () => {
    const bob = user('request.headers["x-user"] == "bob"', 'bob')
    for (const filter of ['request.headers["x-user"].startsWith("b")', 'request.path.startsWith("/api")']) {
      const second = decide([bob, user(filter, 'second', {})]).get('second')
      assert.equal(second?.reason, 'Conflict', filter)
      assert.match(second?.message ?? '', /held by bob since .*, and a request may match .* --priority other than 0/)
      assert.equal(decide([bob, user(filter, 'second', { priority: 1 })]).get('second')?.accepted, true)
    }
    const unknown = 'request.path.matches("^/api/[0-9]+$")'
    assert.equal(decide([bob, user(unknown, 'second')]).get('second')?.accepted, true)
    assert.equal(decide([user(unknown, 'first'), user(unknown, 'second')]).get('second')?.accepted, false)
  })

  it('a wiretap is in nobody’s way, and nobody in its', () => {
    const wiretap = { mode: 'wiretap', wiretap: { percent: 100, diff: false } } as const
    const decisions = decide([
      intercept(wiretap, { name: 'a' }),
      intercept({}, { name: 'b', ...later }),
      intercept(wiretap, { name: 'c', ...later }),
    ])
    assert.deepEqual(
      [...decisions.values()].map(({ accepted }) => accepted),
      [true, true, true],
    )
  })

  it('when the holder goes, the one that waited has it', () => {
    const gone = intercept({}, { name: 'a', deletionTimestamp: '2026-01-01T00:01:00Z' })
    const decisions = decide([gone, intercept({}, { name: 'b', ...later })])
    assert.equal(decisions.has('a'), false)
    assert.equal(decisions.get('b')?.accepted, true)
  })
})
