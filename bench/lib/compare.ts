/** One load over several ways, in turns, so that a slow moment of the machine hits all of them. */
import type { Started } from '../../test/peers/started.ts'
import { cpuSeconds } from '../lib/cpu.ts'
import type { Way } from './peers.ts'
import { type Load, wrk } from './wrk.ts'

const RUNS = 5
const SECONDS = 2

/** One run. */
export interface Cost {
  requestsPerSecond: number
  /** Microseconds. */
  p50: number
  /** Microseconds of processor time for each request. */
  cpu: number
}

export type Compared = Map<Way, Cost[]>

export async function compare(ways: Map<Way, Started>, load: Load): Promise<Compared> {
  const all: Compared = new Map([...ways.keys()].map((way) => [way, []]))
  for (let turn = 0; turn <= RUNS; turn++) {
    for (const [way, { port, pid }] of ways) {
      const before = cpuSeconds(pid)
      const { requests, us, p50 } = await wrk(port, load, SECONDS)
      const cpu = ((cpuSeconds(pid) - before) * 1e6) / requests
      // The first one warms up.
      if (turn > 0) all.get(way)?.push({ requestsPerSecond: (requests * 1e6) / us, p50, cpu })
    }
  }
  return all
}
