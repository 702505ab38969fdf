import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Intercept } from '../../kube/resources.ts'
import type { Attachment } from '../attachment/attachment.ts'
import { heldOf } from './list.ts'

const INTERCEPT = {
  metadata: { name: 'orders-1', namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { mode: 'wiretap', owner: 'anna', filter: '', wiretap: { percent: 10, maxRps: 5, diff: false } },
  status: { agents: [{ pod: 'orders-a', routeNow: 'laptop' }, { pod: 'orders-b' }] },
} as unknown as Intercept

test('list says of what this laptop holds what status says, and of the rest what agents say', () => {
  const agents = [{ pod: 'orders-a', state: 'SYNCED', routeNow: 'app', message: 'nothing listens' }]
  const own = { name: 'orders-1', namespace: 'shop', filtered: { counts: { exceeded: 0, failed: 0 } }, agents }
  const { here, routeNow } = heldOf(INTERCEPT, 'anna', [own as unknown as Attachment])
  assert.deepEqual([here, routeNow], [true, 'app'])
  const elsewhere = heldOf(INTERCEPT, 'anna', [])
  assert.deepEqual([elsewhere.yours, elsewhere.here, elsewhere.routeNow], [true, false, 'app, laptop'])
  assert.deepEqual([elsewhere.wiretap?.percent, elsewhere.ifDown], [10, 'app'])
})
