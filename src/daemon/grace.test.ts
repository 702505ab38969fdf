import assert from 'node:assert/strict'
import { test } from 'node:test'
import { graceOf } from './grace.ts'

test('the grace time is a number of seconds, or the default; anything else is refused', () => {
  assert.equal(graceOf({}), 60_000)
  assert.equal(graceOf({ REMOCAL_GRACE_SECONDS: '' }), 60_000)
  assert.equal(graceOf({ REMOCAL_GRACE_SECONDS: '1.5' }), 1500)
  assert.equal(graceOf({ REMOCAL_GRACE_SECONDS: '600' }), 600_000)
  for (const wrong of ['0', '0.9', '601', '-5', '1e2', '60s', ' ', 'forever']) {
    assert.throws(() => graceOf({ REMOCAL_GRACE_SECONDS: wrong }), { code: 'RC-U-104' }, wrong)
  }
})
