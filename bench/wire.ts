/**
 * `npm run bench -- wire`: the tunnel beside other ways to carry connections, all on loopback, one process for each end. With `--cluster`
 * only what needs a real cluster and a laptop behind a cable (`wire/cluster/`).
 */

import { join } from 'node:path'
import { run } from '../test/e2e/remocal.ts'
import { type Figure, figure, type MeasureOptions } from './lib/figure.ts'
import { end, times } from './lib/times.ts'
import { measureOnCluster } from './wire/cluster/measure.ts'
import { idleFlows } from './wire/memory.ts'
import { type Kind, startProgram, startTunnel } from './wire/tunnel.ts'

const RUNS = 5
const LOAD = join(import.meta.dirname, 'wire/load.ts')

interface Measured {
  value: number
  /** Seconds of both ends. */
  cpu: number
}

/** One kind of load over several kinds of tunnel, in turns, so that a slow moment of the machine hits all of them. */
async function compare(kinds: Kind[], what: string, count: number): Promise<Map<Kind, Measured[]>> {
  const sink = await startProgram('sink.ts')
  const tunnels = new Map(
    await Promise.all(kinds.map(async (kind) => [kind, await startTunnel(kind, sink.port)] as const)),
  )
  const all = new Map<Kind, Measured[]>(kinds.map((kind) => [kind, []]))
  try {
    for (let turn = 0; turn <= RUNS; turn++) {
      for (const [kind, tunnel] of tunnels) {
        const before = tunnel.cpuSeconds()
        const { code, stdout, stderr } = await run(process.execPath, [LOAD, String(tunnel.port), what, String(count)])
        if (code !== 0) throw new Error(`${what} over ${kind}: ${stderr}`)
        // The first one warms up.
        if (turn > 0) all.get(kind)?.push({ value: Number(stdout), cpu: tunnel.cpuSeconds() - before })
      }
    }
  } finally {
    await Promise.all([...[...tunnels.values()].map((tunnel) => tunnel.close()), end(sink.child)])
  }
  return all
}

const values = (all: Map<Kind, Measured[]>, kind: Kind): number[] => (all.get(kind) ?? []).map(({ value }) => value)
const cpus = (all: Map<Kind, Measured[]>, kind: Kind): number[] => (all.get(kind) ?? []).map(({ cpu }) => cpu)

export async function measure(say: (line: string) => void, { cluster }: MeasureOptions): Promise<Figure[]> {
  if (cluster) return measureOnCluster(say)
  const figures: Figure[] = []
  const add = (
    name: string,
    unit: string,
    mine: number[],
    peer: { name: string; values: number[] },
    limit: number,
    more: boolean,
  ): void => {
    const goal = `${more ? '≥' : '≤'} ${limit}×`
    const holds = (_value: number, ratio: number | null): boolean =>
      more ? (ratio ?? 0) >= limit : (ratio ?? 99) <= limit
    figures.push(figure({ name, values: mine, unit, peer, goal, holds }))
  }
  const mega = (list: number[]): number[] => list.map((value) => value / 1e6)
  for (const count of [1, 32]) {
    say(`bulk, ${count} flows`)
    const all = await compare(['mux', 'pipe', 'haproxy'], 'bulk', count)
    const name = `bulk, ${count} flow${count === 1 ? '' : 's'}`
    add(name, 'MB/s', mega(values(all, 'mux')), { name: 'raw pipe', values: mega(values(all, 'pipe')) }, 1.2, true)
    add(
      name,
      'MB/s',
      mega(values(all, 'mux')),
      { name: 'haproxy pair', values: mega(values(all, 'haproxy')) },
      0.9,
      true,
    )
    add(`${name}, CPU`, 's/GB', cpus(all, 'mux'), { name: 'haproxy pair', values: cpus(all, 'haproxy') }, 1.1, false)
    const tls = await compare(['mux-tls', 'pipe-tls', 'circuit'], 'bulk', count)
    add(
      `${name}, TLS`,
      'MB/s',
      mega(values(tls, 'mux-tls')),
      { name: 'TLS pipe', values: mega(values(tls, 'pipe-tls')) },
      0.95,
      true,
    )
    const direct = { name: 'the same without', values: mega(values(tls, 'mux-tls')) }
    add(`${name}, circuit through a manager`, 'MB/s', mega(values(tls, 'circuit')), direct, 0.8, true)
  }
  say('64 bytes there and back')
  const pings = await compare(['mux', 'pipe', 'haproxy'], 'ping', 1)
  add('ping-pong, p50', 'µs', values(pings, 'mux'), { name: 'raw pipe', values: values(pings, 'pipe') }, 1.15, false)
  say('connections')
  const churn = await compare(['mux', 'haproxy'], 'churn', 16)
  add('connections', '1/s', values(churn, 'mux'), { name: 'haproxy pair', values: values(churn, 'haproxy') }, 1, true)
  say('idle flows')
  const grown = await times(idleFlows)
  const holds = (value: number): boolean => value <= 20
  figures.push(figure({ name: 'memory of 5,000 idle flows, each end', values: grown, unit: 'MB', goal: '≤ 20', holds }))
  return figures
}
