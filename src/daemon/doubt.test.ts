import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { doubt } from './doubt.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A carrier whose far end is silent from `from` on; what was opened in its place, and how. */
function place(from: number) {
  const clock = new FakeClock()
  const closed = Promise.withResolvers<void>()
  const opened: { signal: AbortSignal; settle: PromiseWithResolvers<string> }[] = []
  const seen: string[] = []
  let heard = from
  const session = {
    get silentMs() {
      return Math.max(0, clock.now() - heard)
    },
    rttMs: 50,
  }
  doubt<string>(
    { session, closed: closed.promise },
    {
      clock,
      open(signal) {
        const settle = Promise.withResolvers<string>()
        opened.push({ signal, settle })
        return settle.promise
      },
      take: (next) => seen.push(`took ${next}`),
      discard: (next) => seen.push(`discarded ${next}`),
    },
  )
  const hear = (): void => {
    heard = clock.now()
  }
  return { clock, closed, opened, seen, hear }
}

test('a carrier that is heard is not doubted; a silent one is replaced before it is dead', async () => {
  const { clock, opened, seen } = place(5000)
  clock.advance(6000)
  assert.equal(opened.length, 0)
  clock.advance(1000)
  assert.equal(opened.length, 1)
  opened[0]?.settle.resolve('the next one')
  await settled()
  assert.deepEqual(seen, ['took the next one'])
})

test('one attempt at a time; after one that failed there is another', async () => {
  const { clock, opened } = place(0)
  clock.advance(2500)
  assert.equal(opened.length, 1)
  opened[0]?.settle.reject(new Error('no answer'))
  await settled()
  clock.advance(250)
  assert.equal(opened.length, 2)
})

test('what was looked for is given up when the far end is heard again', async () => {
  const { clock, opened, seen, hear } = place(0)
  clock.advance(2000)
  hear()
  clock.advance(250)
  assert.equal(opened[0]?.signal.aborted, true)
  opened[0]?.settle.resolve('a late one')
  await settled()
  assert.deepEqual(seen, ['discarded a late one'])
})

test('the carrier ends: what was begun is taken, nothing more is looked for', async () => {
  const { clock, closed, opened, seen } = place(0)
  clock.advance(2000)
  closed.resolve()
  await settled()
  clock.advance(10_000)
  assert.equal(opened.length, 1)
  opened[0]?.settle.resolve('the next one')
  await settled()
  assert.deepEqual(seen, ['took the next one'])
})
