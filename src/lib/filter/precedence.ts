/** Which of several attachments is asked first for a request. */
import { rankOf } from './overlap.ts'

interface Asking {
  filter: string
  priority: number
}

/** For sorting: the higher priority, then the rank of the filter. The older of two that are equal goes first: a stable sort of a list by age says so. */
export function byPrecedence(a: Asking, b: Asking): number {
  return b.priority - a.priority || rankOf(a.filter) - rankOf(b.filter)
}

const MODES = { intercept: 0, wiretap: 1, watch: 2 }

/** For people: as `byPrecedence`, with age; those that answer no requests come last. @param since as ISO 8601 */
export function byTurn(
  a: Asking & { mode: keyof typeof MODES; since: string; name: string },
  b: Asking & { mode: keyof typeof MODES; since: string; name: string },
): number {
  return (
    MODES[a.mode] - MODES[b.mode] ||
    byPrecedence(a, b) ||
    a.since.localeCompare(b.since) ||
    a.name.localeCompare(b.name)
  )
}
