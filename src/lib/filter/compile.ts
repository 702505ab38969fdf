/** From a filter's text to a function. */
import { FilterError } from './filter-error.ts'
import type { FilterNeeds, FilterRequest } from './request.ts'
import { matchesTerm, readTerms } from './terms.ts'

export interface Filter {
  readonly needs: FilterNeeds
  matches(request: FilterRequest): boolean
}

const NOTHING: FilterNeeds = { body: false, source: false }

const MAX_LENGTH = 4096

/**
 * Compiles a filter; the empty one takes everything. Asynchronous because the CEL engine is loaded only for filters that
 * need it. Rejects with a `FilterError`.
 */
export async function compileFilter(cel: string): Promise<Filter> {
  if (cel === '') return { needs: NOTHING, matches: () => true }
  if (cel.length > MAX_LENGTH) throw new FilterError(`${cel.slice(0, 60)}…`, `longer than ${MAX_LENGTH} characters`)
  const terms = readTerms(cel)
  if (terms !== undefined) {
    return { needs: NOTHING, matches: (request) => terms.every((term) => matchesTerm(term, request)) }
  }
  const { compileCel } = await import('./cel.ts')
  return { needs: NOTHING, matches: compileCel(cel) }
}
