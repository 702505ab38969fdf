/** Short forms as functions that compare a few bytes. */
import type { Budget } from './budget.ts'
import { grpcPart } from './grpc.ts'
import { lookUpCookie, lookUpHeader, lookUpQuery } from './lookup.ts'
import type { FilterRequest } from './request.ts'
import type { Term, TextTerm } from './term.ts'

/** Throws `Exceeded`. */
export type MatchTerms = (request: FilterRequest, budget: Budget) => boolean

type Find = (text: string, budget: Budget) => boolean

/** Makes patterns; throws when a text is none. The engine is loaded by who has patterns. */
export type CompilePattern = (source: string) => { find: Find }

/** True when all terms hold. */
export function matchTerms(terms: readonly Term[], compilePattern: CompilePattern): MatchTerms {
  // What costs least is asked first.
  const tests = [...terms].sort((a, b) => costOf(a) - costOf(b)).map((term) => matchTerm(term, compilePattern))
  const [first, second] = tests
  if (first === undefined) return () => true
  if (second === undefined) return first
  return (request, budget) => {
    for (const test of tests) if (!test(request, budget)) return false
    return true
  }
}

function costOf(term: Term): number {
  if (term.kind === 'mark') return 2
  return (term.test === 'find' ? 8 : 0) + ('name' in term || term.kind.startsWith('grpc.') ? 1 : 0)
}

function matchTerm(term: Term, compilePattern: CompilePattern): MatchTerms {
  const wanted = term.not !== true
  if (term.kind === 'mark') {
    const { mark } = term
    return ({ marks }) => marks.includes(mark) === wanted
  }
  const read = readerOf(term)
  const { value } = term
  if (term.test === 'find') {
    const pattern = compilePattern(value)
    return (request, budget) => pattern.find(read(request, budget), budget) === wanted
  }
  if (term.test === 'prefix') return (request, budget) => read(request, budget).startsWith(value) === wanted
  return (request, budget) => (read(request, budget) === value) === wanted
}

function readerOf(term: TextTerm): (request: FilterRequest, budget: Budget) => string {
  switch (term.kind) {
    case 'header': {
      const name = term.name.toLowerCase()
      return (request, budget) => lookUpHeader(request, name, budget)
    }
    case 'query': {
      const { name } = term
      return (request, budget) => lookUpQuery(request, name, budget)
    }
    case 'cookie': {
      const { name } = term
      return (request, budget) => lookUpCookie(request, name, budget)
    }
    case 'method':
      return ({ method }) => method
    case 'path':
      return ({ path }) => path
    case 'host':
      return ({ host }) => host
    case 'sni':
      return ({ sni }) => sni
    case 'grpc.service':
      return (request, budget) => grpcPart(request, 'service', budget)
    case 'grpc.method':
      return (request, budget) => grpcPart(request, 'method', budget)
  }
}
