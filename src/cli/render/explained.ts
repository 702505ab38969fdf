/** What `filter test` found: the verdict, and each part of the expression with its value. */
import type { Explained } from '../../lib/filter/cel/explain.ts'
import type { Value } from '../../lib/filter/cel/values.ts'
import { table } from './table.ts'

const MAX_SHOWN = 60
const MAX_DEPTH = 64

export function explainedText({ matches, failure, parts, filter }: Explained & { filter: string }): string {
  const verdict = matches ? 'matches' : `does not match${failure === undefined ? '' : `: ${failure}`}`
  const rows = parts.map(({ text, depth, value, failure: why }) => [
    `${'  '.repeat(depth)}${short(text.replaceAll(/\s+/g, ' '))}`,
    why === undefined ? short(JSON.stringify(shownValue(value))) : `fails: ${why}`,
  ])
  const shown = rows.length === 0 ? [] : [['EXPRESSION', 'VALUE'], ...rows]
  return `${verdict}  ${filter === '' ? 'everything' : short(filter.replaceAll(/\s+/g, ' '))}\n${shown.length === 0 ? '' : `\n${table(shown)}`}`
}

/** As JSON has it: whole numbers as numbers, maps as objects. */
export function shownValue(value: Value | undefined, depth = 0): unknown {
  // Nobody reads more, and JSON may be nested deeper than a stack is.
  if (depth > MAX_DEPTH) return '…'
  if (typeof value === 'bigint') return raw(`${value}`)
  // Too large for a double, and JSON has no word for it but such a number.
  if (value === Infinity || value === -Infinity) return raw(value > 0 ? '1e400' : '-1e400')
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, one]) => [`${key}`, shownValue(one, depth + 1)]))
  if (Array.isArray(value)) return value.map((one) => shownValue(one, depth + 1))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shownValue(one, depth + 1)]))
  }
  return value
}

/** A number in all its digits, for `JSON.stringify`. */
function raw(digits: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(digits)
}

function short(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text
}
