import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { watchSilence } from './silence.ts'

test('a far end that is silent for longer than it may be is told of, and that it is heard again, each once', async () => {
  const clock = new FakeClock()
  const closed = Promise.withResolvers<void>()
  const seen: { isSilent: boolean; at: number }[] = []
  let heard = 0
  const session = {
    rttMs: 50,
    get silentMs() {
      return clock.now() - heard
    },
  }
  watchSilence({ session, closed: closed.promise }, clock, (isSilent) => seen.push({ isSilent, at: clock.now() }))
  for (; heard < 5000; heard += 1000) clock.advance(1000)
  assert.equal(seen.length, 0)
  clock.advance(2000)
  assert.equal(seen.length, 1)
  const [{ isSilent, at } = { isSilent: false, at: 0 }] = seen
  assert.ok(isSilent && at <= 5000 + 1400 + 250)
  heard = clock.now()
  clock.advance(500)
  assert.deepEqual(
    seen.map((one) => one.isSilent),
    [true, false],
  )
  closed.resolve()
  await closed.promise
  clock.advance(10_000)
  assert.equal(seen.length, 2)
})
