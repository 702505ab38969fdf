/** What becomes of requests while nothing listens on the laptop, in a table. */
import { looksInside } from '../../lib/filter/looks-inside.ts'

/** @returns nothing when it is as usual: they go to the app */
export function ifDownNotes({ filter, ifDown }: { filter: string; ifDown?: 'app' | 'error' }): string[] {
  if (ifDown !== 'error') return []
  return [looksInside(filter) ? '503 when down' : '503 or reset when down']
}
