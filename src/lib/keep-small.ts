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

/**
 * Collects all garbage, with what was compiled and is not in use, whenever the process has become idle after work.
 * Takes some 10 to 30 ms, in which nothing else would have been done, or seldom. @returns stops it
 */
export function keepSmall(clock: Clock): Timer {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as Collect
  let before = performance.eventLoopUtilization()
  let least = 0
  let calmAt = 0
  return clock.every(LOOK_MS, () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    if (utilization > (clock.now() < calmAt ? IDLE : CALM)) return
    if (oldBytes() < least + WORTH_BYTES) return
    const beganAt = clock.now()
    dropSlabs()
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    calmAt = clock.now() + (clock.now() - beganAt) / CALM_SHARE
    least = oldBytes()
  })
}

function oldBytes(): number {
  return getHeapSpaceStatistics().reduce(
    (sum, { space_name: name, space_used_size: used }) => (name.startsWith('new_') ? sum : sum + used),
    0,
  )
}
