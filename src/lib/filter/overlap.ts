/** Whether a request could belong to two filters, as far as that can be decided; and which of two goes first. */
import { Budget, Exceeded } from './budget.ts'
import { readConjunction } from './conjunction.ts'
import { areContrary, bySubject, exampleOf } from './example.ts'
import { impliedByGrpc } from './implied.ts'
import { normalize } from './normalize.ts'
import { compilePattern } from './pattern/pattern.ts'
import type { Term } from './term.ts'

/** `unknown`: expressions, and patterns beside something that no example was found for. */
export type Overlap = 'disjoint' | 'overlap' | 'unknown'

/** What is asked first: filters that require a personal mark, then those that any other request may match, last what takes all. */
export type Rank = 0 | 1 | 2

export function rankOf(cel: string): Rank {
  if (cel === '') return 2
  return kept(ranks, cel, () => (requiredMarks(readConjunction(cel).terms).size > 0 ? 0 : 1))
}

/** Filters stay while configs are made again and again. */
const ranks = new Map<string, Rank>()
const overlaps = new Map<string, Overlap>()
const MAX_KEPT = 10_000

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const before = map.get(key)
  if (before !== undefined) return before
  const made = make()
  if (map.size >= MAX_KEPT) map.clear()
  map.set(key, made)
  return made
}

/** Requests are taken to carry one person's mark at most. The same text overlaps with itself, whatever it says. */
export function overlap(a: string, b: string): Overlap {
  return kept(overlaps, JSON.stringify([a, b]), () => decide(a, b))
}

function decide(a: string, b: string): Overlap {
  if (normalize(a) === normalize(b)) return 'overlap'
  const [left, right] = [readConjunction(a), readConjunction(b)]
  const terms = [...left.terms, ...right.terms, ...impliedByGrpc(left.terms, find), ...impliedByGrpc(right.terms, find)]
  const marks = requiredMarks(terms)
  if (marks.size > 1 || terms.some((term) => term.kind === 'mark' && term.not && marks.has(term.mark)))
    return 'disjoint'
  const subjects = bySubject(terms)
  if (subjects.some(([, conditions]) => areContrary(conditions, find))) return 'disjoint'
  if (!left.whole || !right.whole) return 'unknown'
  const all = subjects.every(([, conditions]) => exampleOf(conditions, ['', 'GET', '/'], find) !== undefined)
  return all ? 'overlap' : 'unknown'
}

function requiredMarks(terms: readonly Term[]): Set<string> {
  return new Set(terms.flatMap((term) => (term.kind === 'mark' && !term.not ? [term.mark] : [])))
}

function find(pattern: string, text: string): boolean | undefined {
  try {
    return compilePattern(pattern).find(text, new Budget())
  } catch (error) {
    // What takes too long, or is no pattern: filters are checked before.
    if (error instanceof Exceeded || error instanceof Error) return undefined
    throw error
  }
}
