import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { FakeClock } from './fake-clock.ts'
import { keepSmall, ownHeap } from './keep-small.ts'

const MIB = 1024 * 1024
/** Each 3 s it is looked. */
const LOOK_MS = 3000

describe('a process that keeps small', () => {
  let clock: FakeClock
  let busy: number
  let old: number
  let tookMs: number
  let collected: number

  beforeEach(() => {
    clock = new FakeClock()
    busy = 0
    old = 8 * MIB
    tookMs = 20
    collected = 0
    const collect = (): void => {
      collected++
      old = 5 * MIB
      clock.advance(tookMs)
    }
    keepSmall(clock, { busy: () => busy, oldBytes: () => old, collect })
  })

  test('collects when it has become idle, and not before', () => {
    busy = 0.5
    clock.advance(10 * LOOK_MS)
    assert.equal(collected, 0)
    busy = 0.001
    clock.advance(LOOK_MS)
    assert.equal(collected, 1)
  })

  test('lets a heap be that has grown by little', () => {
    clock.advance(LOOK_MS)
    old += 300 * 1024
    clock.advance(10 * LOOK_MS)
    assert.equal(collected, 1)
    old += 100 * 1024
    clock.advance(LOOK_MS)
    assert.equal(collected, 2)
  })

  test('that has a little to do collects for a thousandth of the time at most', () => {
    busy = 0.01
    clock.advance(LOOK_MS)
    assert.equal(collected, 1)
    // 20 ms are a thousandth of 20 s.
    for (let look = 0; look < 6; look++) {
      old += MIB
      clock.advance(LOOK_MS)
      assert.equal(collected, 1)
    }
    clock.advance(LOOK_MS)
    assert.equal(collected, 2)
    // Nobody waits for a collection of one that has nothing to do.
    busy = 0.001
    old += MIB
    clock.advance(LOOK_MS)
    assert.equal(collected, 3)
  })
})

test('the heap of a process loses what nobody has any more', () => {
  const heap = ownHeap()
  let kept: number[][] = Array.from({ length: 200 }, () => new Array<number>(10_000).fill(1.5))
  heap.collect()
  const before = heap.oldBytes()
  assert.equal(kept.length, 200)
  kept = []
  heap.collect()
  assert.ok(heap.oldBytes() < before - 8 * MIB, `${before} and ${heap.oldBytes()} bytes`)
})
