import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Cancellation } from './cancellation.ts'

const WHY = new Error('nobody waits')

describe('a cancellation', () => {
  test('tells each who waits once, and not who has forgotten it', () => {
    const told: string[] = []
    const cancellation = new Cancellation()
    const second = (): void => void told.push('second')
    cancellation.whenCancelled(({ message }) => told.push(message))
    cancellation.whenCancelled(second)
    cancellation.forget(second)
    assert.equal(cancellation.isCancelled, false)
    cancellation.cancel(WHY)
    cancellation.cancel(new Error('again'))
    assert.deepEqual(told, [WHY.message])
    assert.equal(cancellation.reason, WHY)
  })

  test('is a signal for who asks before, and for who asks after', () => {
    const before = new Cancellation()
    const { signal } = before
    assert.equal(before.signal, signal)
    assert.equal(signal.aborted, false)
    before.cancel(WHY)
    assert.equal(signal.reason, WHY)

    const after = new Cancellation()
    after.cancel(WHY)
    assert.equal(after.signal.reason, WHY)
  })
})
