/** Options of a filter that no request can meet together. */
import { readConjunction } from '../lib/filter/conjunction.ts'
import { areContrary, bySubject } from '../lib/filter/example.ts'
import { type Term, writeSubject } from '../lib/filter/term.ts'

/** One option as it was given, and what it says. */
export interface FilterPart {
  shown: string
  cel: string
}

/** @returns a sentence; undefined when none contradict each other, as far as that can be told */
export function contradiction(parts: readonly FilterPart[]): string | undefined {
  const terms = parts.map(({ cel }) => readConjunction(cel).terms)
  for (const [subject, conditions] of bySubject(terms.flat())) {
    if (!areContrary(conditions)) continue
    const about = writeSubject(subject)
    const isAbout = (term: Term): boolean => term.kind !== 'mark' && writeSubject(term) === about
    const options = parts.filter((_part, at) => terms[at]?.some(isAbout)).map(({ shown }) => shown)
    const values = conditions.flatMap(({ test, not, value }) => (test === undefined && !not ? [value] : []))
    const name = 'name' in subject ? `${subject.name}=` : ''
    const isEither = values.length === conditions.length && values.every((value) => /^[\w/-]+$/.test(value))
    const hint = isEither ? `; for any of them say --${subject.kind} '${name}~^(${values.join('|')})$'` : ''
    return `no request matches ${options.join(' and ')}, and all options must hold${hint}`
  }
  return undefined
}
