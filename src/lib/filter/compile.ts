/** From a filter's text to a function. */
import { FilterError } from './filter-error.ts'
import type { FilterRequest } from './request.ts'
import { matchesTerm, readTerms } from './terms.ts'

export type Filter = (request: FilterRequest) => boolean

const MAX_LENGTH = 4096

/**
 * Compiles a filter; the empty one takes everything. Asynchronous because the CEL engine is loaded only for filters that
 * need it. Rejects with a `FilterError`.
 */
export async function compileFilter(cel: string): Promise<Filter> {
  if (cel === '') return () => true
  if (cel.length > MAX_LENGTH) throw new FilterError(`${cel.slice(0, 60)}…`, `longer than ${MAX_LENGTH} characters`)
  const terms = readTerms(cel)
  const [only] = terms ?? []
  if (terms?.length === 1 && only !== undefined) return (request) => matchesTerm(only, request)
  if (terms !== undefined) return (request) => terms.every((term) => matchesTerm(term, request))
  const { compileCel } = await import('./cel.ts')
  return compileCel(cel)
}
