import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isoTime } from './iso-time.ts'

test('any time is written as Date writes it', () => {
  const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
  fc.assert(fc.property(fc.integer({ min: 0, max: last }), (ms) => isoTime(ms) === new Date(ms).toISOString()))
  for (const day of [
    '1970-01-01',
    '2000-02-29',
    '2024-02-29',
    '2024-12-31',
    '2100-02-28',
    '2100-03-01',
    '9999-12-31',
  ]) {
    assert.equal(isoTime(Date.parse(day)), `${day}T00:00:00.000Z`)
  }
})
