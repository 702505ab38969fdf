import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { Search } from './search.ts'

class Place {
  readonly clock = new FakeClock()
  attempts: { signal: AbortSignal; found(): void; fail(): void }[] = []
  readonly search = new Search({
    clock: this.clock,
    firstMs: 100,
    longestMs: () => 1000,
    attempt: (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.attempts.push({ signal, found: resolve, fail: () => reject(new Error('not found')) })
      return promise
    },
  })

  /** How many attempts were begun until now. */
  async count(): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve))
    return this.attempts.length
  }

  async fail(): Promise<void> {
    this.attempts.at(-1)?.fail()
    await this.count()
  }
}

describe('Search', () => {
  it('tries again after pauses that grow to the longest, half to one and a half of each', async () => {
    const place = new Place()
    place.search.start()
    for (const [at, ms] of [100, 200, 400, 800, 1000, 1000].entries()) {
      await place.fail()
      place.clock.advance(ms * 0.5 - 1)
      assert.equal(await place.count(), at + 1)
      place.clock.advance(ms + 1)
      assert.equal(await place.count(), at + 2)
    }
  })

  it('ends when it was found; begins with a pause when what was found was no good, at once after a reset', async () => {
    const place = new Place()
    place.search.start()
    place.attempts[0]?.found()
    assert.equal(await place.count(), 1)
    place.search.start()
    place.attempts[1]?.found()
    assert.equal(await place.count(), 2)
    place.search.failed()
    place.search.start()
    assert.equal(await place.count(), 2)
    place.clock.advance(150)
    assert.equal(await place.count(), 3)
    place.attempts[2]?.found()
    await place.count()
    place.search.reset()
    place.search.start()
    assert.equal(await place.count(), 4)
  })

  it('in a hurry ends the pause; anew also the attempt that is under way', async () => {
    const place = new Place()
    place.search.start()
    await place.fail()
    place.search.hurry()
    assert.equal(await place.count(), 2)
    place.search.hurry()
    assert.equal(await place.count(), 2)
    place.search.hurry({ anew: true })
    assert.equal(await place.count(), 3)
    assert.equal(place.attempts[1]?.signal.aborted, true)
  })

  it('stops the attempt or the pause, and begins again when it is started again', async () => {
    const place = new Place()
    place.search.start()
    place.search.stop()
    assert.equal(place.attempts[0]?.signal.aborted, true)
    place.clock.advance(5000)
    assert.equal(await place.count(), 1)
    place.search.start()
    assert.equal(await place.count(), 2)
    await place.fail()
    place.search.stop()
    place.clock.advance(5000)
    assert.equal(await place.count(), 2)
  })
})
