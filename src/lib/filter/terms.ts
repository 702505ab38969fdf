/** The short forms: what the flags say, as CEL, and back. */
import type { FilterRequest } from './request.ts'

export type Term = { kind: 'header'; name: string; value: string } | { kind: 'mark'; mark: string }

const STRING = String.raw`"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"`
const TERM = new RegExp(
  String.raw`^\s*(?:request\.headers\[\s*(${STRING})\s*\]\s*==\s*(${STRING})|(${STRING})\s+in\s+request\.marks)\s*(&&|$)`,
)

/** A string literal (triple quoted, raw or plain), or blanks with the letters around them. */
const TEXT = /([rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))|(?<=(\w)?)\s+(?=(\w)?)/g

/** One term as CEL. JSON's string literals are CEL's. */
export function writeTerm(term: Term): string {
  if (term.kind === 'mark') return `${JSON.stringify(term.mark)} in request.marks`
  return `request.headers[${JSON.stringify(term.name.toLowerCase())}] == ${JSON.stringify(term.value)}`
}

/** All must match. */
export function writeTerms(terms: Term[]): string {
  return terms.map(writeTerm).join(' && ')
}

/** The terms of a filter that is a conjunction of short forms; undefined for any other. */
export function readTerms(cel: string): Term[] | undefined {
  const terms: Term[] = []
  for (let rest = cel; ; ) {
    const match = TERM.exec(rest)
    if (match === null) return undefined
    const [whole, name, value, mark, joint] = match
    if (mark !== undefined) terms.push({ kind: 'mark', mark: JSON.parse(mark) })
    else terms.push({ kind: 'header', name: JSON.parse(name ?? '""').toLowerCase(), value: JSON.parse(value ?? '""') })
    if (joint !== '&&') return terms
    rest = rest.slice(whole.length)
  }
}

export function matchesTerm(term: Term, request: FilterRequest): boolean {
  if (term.kind === 'mark') return request.marks.includes(term.mark)
  return request.header(term.name) === term.value
}

/** One text for filters that say the same in another order or with other blanks; equal texts match equal requests. */
export function normalize(cel: string): string {
  const terms = readTerms(cel)
  if (terms !== undefined) return [...new Set(terms.map(writeTerm))].sort().join(' && ')
  // Outside of strings blanks only part words.
  return cel
    .trim()
    .replaceAll(TEXT, (_whole, text?: string, before = '', after = '') => text ?? (before && after ? ' ' : ''))
}

/** Flags with which curl sends a request that matches; undefined when that does not follow from the filter. */
export function curlFlags(cel: string): string[] | undefined {
  if (cel === '') return []
  return readTerms(cel)?.flatMap((term) => {
    if (term.kind === 'mark') return ['-H', `x-remocal: ${term.mark}`]
    return ['-H', term.value === '' ? `${term.name};` : `${term.name}: ${term.value}`]
  })
}
