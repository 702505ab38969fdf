import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextScale } from './rollout.ts'

test('nextScale: Recreate makes no new pod while an old one lives', () => {
  const now = { wanted: 2, strategy: { type: 'Recreate' }, current: { replicas: 0 }, ready: 1 }
  assert.deepEqual(nextScale({ ...now, old: [{ replicas: 2, ready: 1 }], oldPods: 2 }), { current: 0, old: [0] })
  assert.deepEqual(nextScale({ ...now, old: [{ replicas: 0, ready: 0 }], oldPods: 0 }), { current: 2, old: [0] })
})

test('nextScale: with maxUnavailable 0 a ready old pod stays until a new one is ready', () => {
  const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  const before = { wanted: 2, strategy, old: [{ replicas: 2, ready: 2 }], oldPods: 2 }
  assert.deepEqual(nextScale({ ...before, current: { replicas: 0 }, ready: 2 }), { current: 1, old: [2] })
  assert.deepEqual(nextScale({ ...before, current: { replicas: 1 }, ready: 3 }), { current: 1, old: [1] })
})

test('nextScale never asks for more than wanted + maxSurge, nor ends ready pods below wanted - maxUnavailable', () => {
  const sets = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 3 })
  fc.assert(
    fc.property(
      fc.nat(8),
      fc.nat(3),
      fc.nat(3),
      fc.nat(8),
      fc.nat(8),
      sets,
      (...[wanted, surge, missing, has, serving, pairs]) => {
        const old = pairs.map(([a, b]) => ({ replicas: Math.max(a, b), ready: Math.min(a, b) }))
        const currentReady = Math.min(has, serving)
        const ready = currentReady + old.reduce((sum, one) => sum + one.ready, 0)
        const strategy = { rollingUpdate: { maxSurge: surge, maxUnavailable: missing } }
        const next = nextScale({ wanted, strategy, current: { replicas: has }, old, ready, oldPods: 0 })
        const before = has + old.reduce((sum, one) => sum + one.replicas, 0)
        const after = next.current + next.old.reduce((sum, one) => sum + one, 0)
        assert.ok(after <= Math.max(wanted + surge, before))
        const ended = old.reduce((sum, one, index) => sum + Math.max(0, one.ready - (next.old[index] ?? 0)), 0)
        const least = wanted - (surge === 0 && missing === 0 ? 1 : missing)
        assert.ok(ended === 0 || ready - ended >= least)
      },
    ),
  )
})

test('nextScale ends with all pods new, whatever the numbers', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(3), fc.nat(3), (wanted, maxSurge, maxUnavailable) => {
      const strategy = { rollingUpdate: { maxSurge, maxUnavailable } }
      let current = 0
      let old = wanted
      // Each round all pods that are asked for become ready.
      for (let round = 0; round < 50 && (current < wanted || old > 0); round++) {
        const input = { wanted, strategy, current: { replicas: current }, oldPods: old, ready: current + old }
        const next = nextScale({ ...input, old: [{ replicas: old, ready: old }] })
        current = next.current
        old = next.old[0] ?? 0
      }
      assert.deepEqual({ current, old }, { current: wanted, old: 0 })
    }),
  )
})
