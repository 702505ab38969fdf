import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { race } from './race.ts'

class Way {
  readonly made = Promise.withResolvers<string>()
  signal: AbortSignal | undefined
  readonly begin = (signal: AbortSignal): Promise<string> => {
    this.signal = signal
    signal.addEventListener('abort', () => this.made.reject(signal.reason), { once: true })
    return this.made.promise
  }
}

function place(count: number): {
  clock: FakeClock
  ways: Way[]
  won: Promise<string>
  late: string[]
  stop: AbortController
} {
  const clock = new FakeClock()
  const ways = Array.from({ length: count }, () => new Way())
  const late: string[] = []
  const stop = new AbortController()
  const won = race(
    ways.map(({ begin }) => begin),
    { clock, signal: stop.signal, apartMs: 100, discard: (value) => late.push(value) },
  )
  won.catch(() => {})
  return { clock, ways, won, late, stop }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const begun = (ways: Way[]): boolean[] => ways.map(({ signal }) => signal !== undefined)

describe('race', () => {
  it('begins one way after the other, and at once after one that failed', async () => {
    const { clock, ways } = place(4)
    assert.deepEqual(begun(ways), [true, false, false, false])
    clock.advance(99)
    assert.deepEqual(begun(ways), [true, false, false, false])
    clock.advance(1)
    assert.deepEqual(begun(ways), [true, true, false, false])
    ways[0]?.made.reject(new Error('refused'))
    await turn()
    assert.deepEqual(begun(ways), [true, true, true, false])
  })

  it('gives the first that succeeds, ends the others and discards what succeeds too late', async () => {
    const { clock, ways, won, late } = place(3)
    clock.advance(200)
    ways[1]?.made.resolve('b')
    ways[2]?.made.resolve('c')
    assert.equal(await won, 'b')
    assert.equal(ways[0]?.signal?.aborted, true)
    assert.deepEqual(late, ['c'])
  })

  it('rejects with the last failure when none succeeds, and when there is none', async () => {
    const { ways, won } = place(2)
    ways[0]?.made.reject(new Error('one'))
    await turn()
    ways[1]?.made.reject(new Error('two'))
    await assert.rejects(won, /two/)
    await assert.rejects(place(0).won, /no way/)
  })

  it('rejects with the signal’s reason, and begins nothing more', async () => {
    const { clock, ways, won, stop } = place(3)
    stop.abort(new Error('not wanted'))
    await assert.rejects(won, /not wanted/)
    clock.advance(1000)
    assert.deepEqual(begun(ways), [true, false, false])
  })
})
