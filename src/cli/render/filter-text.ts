/** A filter in a table or a sentence: a mark by its name, all else on one line, without its comments, and in a table not longer than is read there. */
import type { FilterCounts } from '../../lib/daemon-api.ts'
import { readTerms } from '../../lib/filter/conjunction.ts'
import { plain } from './plain.ts'

const TABLE_WIDTH = 60
const STRING_OR_COMMENT =
  /([rRbB]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|\/\/[^\n]*/g

/** @param filter CEL; empty for everything */
export function filterText(filter: string): string {
  const [only, ...others] = readTerms(filter) ?? []
  if (only?.kind === 'mark' && only.not !== true && others.length === 0) return plain(`mark ${only.mark}`)
  const code = filter.replaceAll(STRING_OR_COMMENT, (_whole, string?: string) => string ?? ' ')
  return plain(code.replaceAll(/\s+/g, ' ').trim())
}

/** As `filterText`, shortened: `-o json` has it whole. */
export function shortFilterText(filter: string): string {
  const text = filterText(filter)
  return text.length > TABLE_WIDTH ? `${text.slice(0, TABLE_WIDTH - 1)}…` : text
}

/** What is to be known beside the filter, in parentheses; `""` when all is as usual. */
export function notesText(priority: number, filtered: FilterCounts | undefined, ...others: string[]): string {
  const { exceeded = 0, failed = 0 } = filtered ?? {}
  const notes = [
    ...(priority === 0 ? [] : [`priority ${priority}`]),
    ...others,
    ...(exceeded === 0 ? [] : [`${exceeded} not matched: cost limit`]),
    ...(failed === 0 ? [] : [`${failed} not matched: it fails`]),
  ]
  return notes.length === 0 ? '' : ` (${notes.join(', ')})`
}
