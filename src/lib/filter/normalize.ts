/** One text for filters that say the same in another order or with other blanks. */
import { readTerms } from './conjunction.ts'
import { writeTerm } from './term.ts'

/** A string literal (triple quoted, raw or plain), or blanks with the letters around them. */
const TEXT = /([rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|(?<=(\w)?)\s+(?=(\w)?)/g

/** Equal texts match equal requests. */
export function normalize(cel: string): string {
  const terms = readTerms(cel)
  if (terms !== undefined) return [...new Set(terms.map(writeTerm))].sort().join(' && ')
  // Outside of strings blanks only part words; a comment ends with its line.
  if (cel.includes('//')) return cel
  return cel
    .trim()
    .replaceAll(TEXT, (_whole, text?: string, before = '', after = '') => text ?? (before && after ? ' ' : ''))
}
