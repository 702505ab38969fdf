/** One load over several ways, in turns, so that a slow moment of the machine hits all of them. */
import type { Started } from '../../test/peers/started.ts'
import { cpuSeconds } from './cpu.ts'

const RUNS = 5

/** What a load found. */
export interface Answered {
  requests: number
  /** How long it took, in microseconds. */
  us: number
  /** Microseconds from a request to its whole answer, half of all; 0 where it is not asked. */
  p50: number
}

/** One run. */
export interface Cost {
  requestsPerSecond: number
  /** Microseconds. */
  p50: number
  /** Microseconds of processor time for each request. */
  cpu: number
}

export type Compared<Way> = Map<Way, Cost[]>

export async function compare<Way>(
  ways: Map<Way, Started>,
  load: (port: number) => Promise<Answered>,
): Promise<Compared<Way>> {
  const all: Compared<Way> = new Map([...ways.keys()].map((way) => [way, []]))
  for (let turn = 0; turn <= RUNS; turn++) {
    for (const [way, { port, pid }] of ways) {
      const before = cpuSeconds(pid)
      const { requests, us, p50 } = await load(port)
      const cpu = ((cpuSeconds(pid) - before) * 1e6) / requests
      // The first one warms up.
      if (turn > 0) all.get(way)?.push({ requestsPerSecond: (requests * 1e6) / us, p50, cpu })
    }
  }
  return all
}
