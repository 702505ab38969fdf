import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Filtered } from './filtered.ts'

test('what agents say of a filter is summed; an agent that begins anew takes nothing away', () => {
  const filtered = new Filtered()
  assert.deepEqual(filtered.counts, { exceeded: 0, failed: 0 })
  filtered.hear('a', { exceeded: 3, failed: 1 })
  filtered.hear('b', { exceeded: 0, failed: 2 })
  filtered.hear('a', { exceeded: 5, failed: 1 })
  assert.deepEqual(filtered.counts, { exceeded: 5, failed: 3 })
  filtered.hear('a', { exceeded: 1, failed: 0 })
  assert.deepEqual(filtered.counts, { exceeded: 6, failed: 3 })
})
