/**
 * Short forms: what the flags of the CLI say, and what most filters are. A filter that is a conjunction of them is matched without an
 * expression being evaluated, is found by an index, and is compared with others.
 */

/** One condition on one part of a request. Absent is `""`. */
export type Term = { not?: boolean } & (
  | { kind: 'mark'; mark: string }
  | ({ kind: 'header' | 'query' | 'cookie'; name: string } & Test)
  | ({ kind: 'method' | 'path' | 'host' | 'sni' | 'grpc.service' | 'grpc.method' } & Test)
)

/** A condition on a string: exact unless `test` says otherwise; `find` is a pattern of RE2 that matches anywhere. */
export interface Test {
  test?: 'prefix' | 'find'
  value: string
}

export type TextTerm = Exclude<Term, { kind: 'mark' }>

const MAPS = { header: 'request.headers', query: 'request.query', cookie: 'request.cookies' }

/** One term as CEL. JSON's string literals are CEL's. */
export function writeTerm(term: Term): string {
  if (term.kind === 'mark') {
    const cel = `${JSON.stringify(term.mark)} in request.marks`
    return term.not ? `!(${cel})` : cel
  }
  const subject = writeSubject(term)
  const value = JSON.stringify(term.value)
  if (term.test === undefined) return `${subject} ${term.not ? '!=' : '=='} ${value}`
  return `${term.not ? '!' : ''}${subject}.${term.test === 'prefix' ? 'startsWith' : 'matches'}(${value})`
}

/** What a term is about, as CEL; equal texts are the same thing. */
export function writeSubject(term: TextTerm): string {
  if (!('name' in term)) return term.kind.startsWith('grpc.') ? term.kind : `request.${term.kind}`
  const name = term.kind === 'header' ? term.name.toLowerCase() : term.name
  return `${MAPS[term.kind]}[${JSON.stringify(name)}]`
}

/** All must match. */
export function writeTerms(terms: readonly Term[]): string {
  return terms.map(writeTerm).join(' && ')
}
