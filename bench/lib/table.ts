/** Figures as people read them. */
import type { Figure } from './figure.ts'

export function table(rows: Figure[]): string {
  const round = (value: number | null): string =>
    value === null ? '-' : value >= 100 ? value.toFixed(0) : value.toPrecision(3)
  const cells = [
    ['FIGURE', 'VALUE', 'PEER', 'VALUE', 'RATIO', 'GOAL', ''],
    ...rows.map(({ name, value, unit, peer, peerValue, ratio, goal, ok }) => [
      name,
      `${round(value)} ${unit}`.trim(),
      peer || '-',
      peerValue === null ? '-' : `${round(peerValue)} ${unit}`,
      round(ratio),
      goal,
      value === null ? '' : ok ? 'ok' : 'missed',
    ]),
  ]
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: string[]): string => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('')
}
