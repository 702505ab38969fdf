import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../lib/fake-clock.ts'
import { drained } from './drained.ts'

/** When it resolved, in milliseconds; undefined while it has not. */
function watch(session: { size: number; isLinked: boolean }, clock: FakeClock): { at: number | undefined } {
  const over: { at: number | undefined } = { at: undefined }
  void drained(session, clock).then(() => {
    over.at = clock.now()
  })
  return over
}

async function advance(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    clock.advance(50)
    await Promise.resolve()
    await Promise.resolve()
  }
}

describe('a session that is drained', () => {
  it('is so when nothing but control is left', async () => {
    const clock = new FakeClock()
    const session = { size: 3, isLinked: true }
    const over = watch(session, clock)
    await advance(clock, 1000)
    assert.equal(over.at, undefined)
    session.size = 1
    await advance(clock, 50)
    assert.notEqual(over.at, undefined)
  })

  it('is waited for while its link comes again, and not when it stays away', async () => {
    const clock = new FakeClock()
    const session = { size: 3, isLinked: true }
    const over = watch(session, clock)
    session.isLinked = false
    await advance(clock, 1500)
    session.isLinked = true
    await advance(clock, 1500)
    assert.equal(over.at, undefined)
    session.isLinked = false
    await advance(clock, 2100)
    assert.notEqual(over.at, undefined)
  })

  it('is not waited for longer than 10 s', async () => {
    const clock = new FakeClock()
    const over = watch({ size: 3, isLinked: true }, clock)
    await advance(clock, 9900)
    assert.equal(over.at, undefined)
    await advance(clock, 200)
    assert.notEqual(over.at, undefined)
  })
})
