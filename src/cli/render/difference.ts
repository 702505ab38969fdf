/** Two answers to one request that say something else: what the app said, and below it what the laptop did. */
import type { DifferenceEvent } from '../../lib/daemon-api.ts'
import { plain } from './plain.ts'
import { table } from './table.ts'

const ABSENT = '(nothing)'

export function differenceText({ at, method, target, differences, more }: DifferenceEvent): string {
  const rows = differences.flatMap(({ field, app = ABSENT, laptop = ABSENT }) => [
    [`  ${plain(field)}`, 'app', plain(app)],
    ['', 'laptop', plain(laptop)],
  ])
  const rest = more === 0 ? '' : `  and ${more} more differences\n`
  return `${at.slice(11, 19)} ${plain(method)} ${plain(target)}\n${table(rows)}${rest}`
}
