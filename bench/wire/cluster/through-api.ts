/** Through the API server, on a cable that is not the bound: throughput beside kubectl's port-forward and sshuttle, at several distances. */
import type { Laptop } from '../../../test/e2e/laptop.ts'
import { type Figure, figure, notMeasured } from '../../lib/figure.ts'
import { type Path, throughKubectl, throughRemocal } from './paths.ts'
import { quantile, rate } from './rates.ts'
import type { Site } from './site.ts'
import { throughSshuttle } from './sshuttle.ts'
import { beside, turns } from './turns.ts'

const BULK_MS = 4000
const ANSWERS = 11

/** @param rttMs of the laptop's cable, for the rows' names */
export async function throughApi(site: Site, laptop: Laptop, rttMs: number): Promise<Figure[]> {
  const { say } = site
  const figures: Figure[] = []
  const at = `${rttMs} ms`
  const kubectl = await throughKubectl(laptop, site)
  const sshuttle = await throughSshuttle(laptop, site)
  const there: Path[] = [throughRemocal(laptop, site)]
  for (const [name, path] of Object.entries({ 'kubectl port-forward': kubectl, sshuttle })) {
    if (typeof path === 'string') figures.push(notMeasured(`through the API server, ${at}`, name, path))
    else there.push(path)
  }
  try {
    for (const way of ['up', 'down'] as const) {
      say(`through the API server, ${at}, ${way}`)
      const all = await turns(there, (path) => path.bulk(way, 1, BULK_MS))
      const add = (values: number[], peer?: { name: string; values: number[] }): void => {
        const name = `through the API server, ${at}, ${way === 'up' ? 'to' : 'from'} the cluster`
        const holds = (_: number, ratio: number | null): boolean => ratio === null || ratio >= 1
        figures.push(figure({ name, values, unit: 'MB/s', ...(peer && { peer }), goal: '≥ 1×', holds }))
      }
      beside(all, add, (run) => rate(run, 1000, BULK_MS - 500))
    }
    say(`new connections, ${at}`)
    const all = await turns(there, (path) => path.times('answer', ANSWERS))
    const limit = rttMs + 10
    const add = (values: number[], peer?: { name: string; values: number[] }): void => {
      const name = `first byte of a new connection, ${at}`
      figures.push(
        figure({
          name,
          values,
          unit: 'ms',
          ...(peer && { peer }),
          goal: `≤ ${limit} ms`,
          holds: (value) => value <= limit,
        }),
      )
    }
    beside(all, add, (run) => quantile(run, 0.5))
  } finally {
    for (const path of there) await path.close()
  }
  return figures
}
