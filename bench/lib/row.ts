/** What must hold of one way beside another. */
import type { Compared, Cost } from './compare.ts'
import { type Figure, figure } from './figure.ts'

export interface Row<Way> {
  /** Behind the setting's name; empty for what is measured of itself. */
  what: string
  unit: string
  of: Way
  beside: Way
  /** How the table calls `beside`, when not by its name. */
  peer?: string
  goal: [sign: '≥' | '≤', times: number]
  /** @param bare the same turn without anything between load and app, if that is one of the ways */
  take(cost: Cost, bare?: Cost): number
}

export function judged<Way extends string>(
  setting: string,
  row: Row<Way>,
  compared: Compared<Way>,
  bare: Cost[] = [],
): Figure {
  const values = (way: Way): number[] => (compared.get(way) ?? []).map((cost, turn) => row.take(cost, bare[turn]))
  const [sign, limit] = row.goal
  return figure({
    name: row.what === '' ? setting : `${setting}, ${row.what}`,
    unit: row.unit,
    values: values(row.of),
    peer: { name: row.peer ?? row.beside, values: values(row.beside) },
    goal: `${sign} ${limit}×`,
    holds: (_value, ratio) => ratio !== null && (sign === '≥' ? ratio >= limit : ratio <= limit),
  })
}
