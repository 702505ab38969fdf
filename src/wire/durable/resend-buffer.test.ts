import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ResendBuffer } from './resend-buffer.ts'

test('whatever is given, sent, acknowledged and sent again: each byte at its offset, nothing after it is let go too early', () => {
  const step = fc.tuple(fc.constantFrom('push', 'take', 'acknowledge', 'rewind'), fc.integer({ min: 0, max: 5000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const buffer = new ResendBuffer()
      let given = 0
      let furthest = 0
      for (const [kind, amount] of steps) {
        if (kind === 'push') {
          buffer.push(Buffer.from(Array.from({ length: amount % 97 }, (_, at) => (given + at) % 251)))
          given += amount % 97
        } else if (kind === 'take') {
          const { offset, bytes, pieces } = buffer.take(1 + (amount % 150))
          const taken = Buffer.concat(pieces)
          assert.equal(taken.length, bytes)
          taken.forEach((byte, at) => void assert.equal(byte, (offset + at) % 251))
          furthest = Math.max(furthest, offset + bytes)
        } else if (kind === 'acknowledge') assert.equal(buffer.acknowledge(amount), amount <= furthest)
        else {
          const room = furthest - buffer.acknowledged
          buffer.rewind(buffer.acknowledged + (amount % (room + 1)))
        }
        assert.equal(buffer.end, given)
        assert.ok(buffer.unsentBytes >= 0 && buffer.unsentBytes <= buffer.unacknowledgedBytes)
      }
      // All that is not acknowledged can be sent from there.
      buffer.rewind(buffer.acknowledged)
      const { offset, bytes } = buffer.take(1_000_000)
      assert.deepEqual([offset, offset + bytes], [buffer.acknowledged, given])
    }),
    { numRuns: 500 },
  )
})

test('an offset that was never sent is refused, and so is what is no offset', () => {
  const buffer = new ResendBuffer()
  buffer.push(Buffer.from('abc'))
  assert.equal(buffer.acknowledge(1), false)
  buffer.take(2)
  assert.equal(buffer.acknowledge(2), true)
  assert.equal(buffer.acknowledge(3), false)
  assert.equal(buffer.acknowledge(Number.NaN), false)
})
