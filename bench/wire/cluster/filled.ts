/** One flow and many on a cable with a bound: whether they fill it, how soon, how fairly, and what that does to small requests. */
import { type Figure, figure, notMeasured } from '../../lib/figure.ts'
import { type Path, plainTcp, throughKubectl, throughRemocal } from './paths.ts'
import { quantile, rate, reached, unfairness } from './rates.ts'
import type { Site } from './site.ts'
import { beside, turns } from './turns.ts'

const RTT_MS = 50
const RATE_MBIT = 200
const LINK = `${RTT_MS} ms, ${RATE_MBIT} Mbit/s`
/** Megabytes per second that count as a filled link. */
const FILLED = (RATE_MBIT / 8) * 0.8
const START_MS = 2000
const BULK_MS = 5000
/** Loss makes TCP's start slow and uneven: what counts is a longer transfer. */
const LOSSY_MS = 10_000
const SMALL_MS = 6000
const ANSWERS = 11

type Peer = { name: string; values: number[] } | undefined
const ways = [
  ['up', 'to the cluster'],
  ['down', 'from the cluster'],
] as const

export async function filled(site: Site): Promise<Figure[]> {
  const { far, say } = site
  await far.cable.wire(RTT_MS / 2, 0, RATE_MBIT)
  const both = [throughRemocal(far, site), plainTcp(far, site)]
  const figures: Figure[] = []
  for (const [way, where] of ways) {
    say(`one flow ${where}, ${LINK}`)
    const one = await turns(both, (path) => path.bulk(way, 1, BULK_MS))
    const name = `one flow ${where}, ${LINK}`
    beside(
      one,
      (values, peer) => figures.push(atLeast(`${name}, after 2 s`, 'MB/s', values, peer, FILLED)),
      (run) => rate(run, START_MS, BULK_MS - 500),
    )
    beside(
      one,
      (values, peer) => figures.push(atMost(`${name}, until 80 %`, 'ms', values, peer, START_MS)),
      (run) => reached(run, FILLED),
    )
    say(`32 flows ${where}, ${LINK}`)
    const many = await turns(both, (path) => path.bulk(way, 32, BULK_MS))
    beside(
      many,
      (values, peer) => figures.push(atMost(`32 flows ${where}, farthest off the share`, '%', values, peer, 20)),
      (run) => unfairness(run, START_MS, BULK_MS - 500) * 100,
    )
  }
  say('refused connections')
  const refused = await turns(both, (path) => path.times('refused', ANSWERS))
  beside(
    refused,
    (values, peer) => figures.push(atMost(`a refused connection, ${RTT_MS} ms`, 'ms', values, peer, RTT_MS + 10)),
    (run) => quantile(run, 0.5),
  )
  return [...figures, ...(await small(site, RTT_MS, LINK))]
}

/** At 1 % loss. */
export async function lossy(site: Site): Promise<Figure[]> {
  const { far, say } = site
  await far.cable.wire(RTT_MS / 2, 1, RATE_MBIT)
  const both = [throughRemocal(far, site), plainTcp(far, site)]
  const figures: Figure[] = []
  for (const [way, where] of ways) {
    const name = `one flow ${where}, ${LINK}, 1 % loss`
    say(name)
    const all = await turns(both, (path) => path.bulk(way, 1, LOSSY_MS))
    const holds = (_: number, ratio: number | null): boolean => (ratio ?? 0) >= 0.9
    beside(
      all,
      (values, peer) =>
        figures.push(figure({ name, values, unit: 'MB/s', ...(peer && { peer }), goal: '≥ 0.9×', holds })),
      (run) => rate(run, 0, LOSSY_MS - 500),
    )
  }
  return figures
}

/** Small requests on the far laptop while a bulk transfer fills its link, beside what they take when nothing else runs. */
export async function small(site: Site, rttMs: number, link: string): Promise<Figure[]> {
  const laptop = link === '0 ms' ? site.near : site.far
  const mine = throughRemocal(laptop, site)
  const kubectl = await throughKubectl(laptop, site)
  const paths: Path[] = typeof kubectl === 'string' ? [mine] : [mine, kubectl]
  const figures: Figure[] = []
  try {
    for (const [way, where] of ways) {
      const name = `small request beside bulk ${where}, ${link}, p99`
      site.say(name)
      const all = await turns(paths, async (path) => ({
        idle: quantile(await path.times('small', 0, 1500), 0.5),
        busy: quantile(await path.times(`small-${way}`, 1, SMALL_MS), 0.99),
      }))
      const idle = quantile(
        (all.get(mine.name) ?? []).map((run) => run.idle),
        0.5,
      )
      const limit = 3 * idle + rttMs
      const goal = `≤ 3 × ${idle.toFixed(1)} + ${rttMs} ms`
      beside(
        all,
        (values, peer) =>
          figures.push(
            figure({ name, values, unit: 'ms', ...(peer && { peer }), goal, holds: (value) => value <= limit }),
          ),
        (run) => run.busy,
      )
      if (typeof kubectl === 'string') figures.push(notMeasured(name, 'kubectl port-forward', kubectl))
    }
  } finally {
    for (const path of paths) await path.close()
  }
  return figures
}

function atLeast(name: string, unit: string, values: number[], peer: Peer, limit: number): Figure {
  const goal = `≥ ${limit} ${unit}`
  return figure({ name, values, unit, ...(peer && { peer }), goal, holds: (value) => value >= limit })
}

function atMost(name: string, unit: string, values: number[], peer: Peer, limit: number): Figure {
  const goal = `≤ ${limit} ${unit}`
  return figure({ name, values, unit, ...(peer && { peer }), goal, holds: (value) => value <= limit })
}
