/** Memory that idle processes do not need goes back to the machine: many of them live where it is scarce. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock, Timer } from './clock.ts'
import { dropSlabs } from './slab.ts'

const LOOK_MS = 3000
/** Share of the time in which an idle process may be busy. */
const IDLE = 0.003
/** Up to here it has little to do, and who asks may meet a collection: all of them take so small a share of the time that 999 of 1000 do not. */
const CALM = 0.02
const CALM_SHARE = 0.001
/** A heap that has grown by less is left as it is; what is young does not count, it goes by itself. */
const WORTH_BYTES = 384 * 1024

type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void

/** What is looked at and done. */
export interface Heap {
  /** Share of the time that the process was busy since it was asked last. */
  busy(): number
  /** Bytes that do not go by themselves. */
  oldBytes(): number
  /** Takes some 10 to 30 ms. */
  collect(): void
}

/**
 * Collects all garbage, with what was compiled and is not in use, whenever the process has become idle after work: in time in which nothing else
 * would have been done, or seldom. @returns stops it
 */
export function keepSmall(clock: Clock, heap: Heap = ownHeap()): Timer {
  let least = 0
  let calmAt = 0
  return clock.every(LOOK_MS, () => {
    if (heap.busy() > (clock.now() < calmAt ? IDLE : CALM)) return
    if (heap.oldBytes() < least + WORTH_BYTES) return
    const beganAt = clock.now()
    heap.collect()
    calmAt = clock.now() + (clock.now() - beganAt) / CALM_SHARE
    least = heap.oldBytes()
  })
}

/** Of this process. */
export function ownHeap(): Heap {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  let before = performance.eventLoopUtilization()
  return {
    busy() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, before)
      before = now
      return utilization
    },
    oldBytes() {
      return getHeapSpaceStatistics().reduce(
        (sum, { space_name: name, space_used_size: used }) => (name.startsWith('new_') ? sum : sum + used),
        0,
      )
    },
    collect() {
      dropSlabs()
      collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    },
  }
}
