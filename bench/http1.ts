/**
 * `npm run bench -- http1`: the agent between a load (wrk) and an app (nginx), beside nginx and haproxy in its place with the same rule: a
 * header decides between two upstreams. All on loopback, one process each.
 */
import type { Started } from '../test/peers/started.ts'
import { startApp, startWay, type Way } from './http1/peers.ts'
import { SETTINGS } from './http1/settings.ts'
import { wrk } from './http1/wrk.ts'
import { compare } from './lib/compare.ts'
import type { Figure, MeasureOptions } from './lib/figure.ts'
import { judged } from './lib/row.ts'

const SECONDS = 2

export async function measure(say: (line: string) => void, { only }: MeasureOptions): Promise<Figure[]> {
  const settings = SETTINGS.filter(({ name }) => name.includes(only))
  const app = await startApp()
  const started = new Map<Way, Started>()
  try {
    for (const way of new Set(settings.flatMap(({ ways }) => ways))) started.set(way, await startWay(way, app))
    const figures: Figure[] = []
    for (const { name, ways, load, rows } of settings) {
      say(name)
      const those = new Map([...started].filter(([way]) => ways.includes(way)))
      const compared = await compare(those, (port) => wrk(port, load, SECONDS))
      figures.push(...rows.map((row) => judged(name, row, compared, compared.get('direct'))))
    }
    return figures
  } finally {
    await Promise.all([...started.values(), app].map((one) => one.close()))
  }
}
