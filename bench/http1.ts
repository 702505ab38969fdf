/**
 * `npm run bench -- http1`: the agent between a load (wrk) and an app (nginx), beside nginx and haproxy in its place with the same rule: a
 * header decides between two upstreams. All on loopback, one process each.
 */
import type { Started } from '../test/peers/started.ts'
import { type Compared, compare } from './http1/compare.ts'
import { startApp, startWay, type Way } from './http1/peers.ts'
import { type Row, SETTINGS } from './http1/settings.ts'
import { type Figure, figure, type MeasureOptions } from './lib/figure.ts'

export async function measure(say: (line: string) => void, { only }: MeasureOptions): Promise<Figure[]> {
  const settings = SETTINGS.filter(({ name }) => name.includes(only))
  const app = await startApp()
  const started = new Map<Way, Started>()
  try {
    for (const way of new Set(settings.flatMap(({ ways }) => ways))) started.set(way, await startWay(way, app))
    const figures: Figure[] = []
    for (const { name, ways, load, rows } of settings) {
      say(name)
      const compared = await compare(new Map([...started].filter(([way]) => ways.includes(way))), load)
      figures.push(...rows.map((row) => judged(name, row, compared)))
    }
    return figures
  } finally {
    await Promise.all([...started.values(), app].map((one) => one.close()))
  }
}

function judged(setting: string, row: Row, compared: Compared): Figure {
  const bare = compared.get('direct') ?? []
  const values = (way: Way): number[] => (compared.get(way) ?? []).map((cost, turn) => row.take(cost, bare[turn]))
  const [sign, limit] = row.goal
  return figure({
    name: row.what === '' ? setting : `${setting}, ${row.what}`,
    unit: row.unit,
    values: values(row.of),
    peer: { name: row.beside === 'agent' ? 'one filter' : row.beside, values: values(row.beside) },
    goal: `${sign} ${limit}×`,
    holds: (_value, ratio) => ratio !== null && (sign === '≥' ? ratio >= limit : ratio <= limit),
  })
}
