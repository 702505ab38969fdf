import assert from 'node:assert/strict'
import { test } from 'node:test'
import { holderText } from './list.ts'

const HELD = {
  name: 'orders-1',
  by: 'anna',
  mode: 'intercept' as const,
  filter: '',
  priority: 0,
  ifDown: 'app' as const,
  since: new Date().toISOString(),
  yours: true,
  here: true,
  routeNow: 'laptop',
}

test('list says who holds what, how much of it, and what happens when nothing listens', () => {
  assert.match(holderText(HELD), /^you: everything since /)
  assert.match(
    holderText({ ...HELD, here: false, ifDown: 'error' }),
    /^you, on another laptop: everything \(503 or reset when down\) since /,
  )
  const wiretap = { percent: 10, maxRps: 5, diff: false }
  const shown = holderText({ ...HELD, yours: false, here: false, mode: 'wiretap', wiretap })
  assert.match(shown, /^anna: copies of 10% of all requests, at most 5 a second since /)
})
