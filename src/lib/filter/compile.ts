/** From a filter's text to a function. */
import { Budget, Exceeded, STEPS } from './budget.ts'
import { readConjunction } from './conjunction.ts'
import { FilterError } from './filter-error.ts'
import { looksInside } from './looks-inside.ts'
import { type MatchTerms, matchTerms } from './match-terms.ts'
import type { FilterNeeds, FilterRequest } from './request.ts'
import type { Term } from './term.ts'

export interface Filter {
  readonly needs: FilterNeeds
  /** What every request that matches has; by this a table finds the filter. */
  readonly terms: readonly Term[]
  /** Requests that it did not match because it took too long on them. */
  readonly exceeded: number
  /** Requests that it did not match because it failed on them: such as dividing by 0. */
  readonly failed: number
  /** Steps that the last request took (`budget.ts`). */
  readonly spent: number
  /** As `looksInside` says. */
  readonly looksInside: boolean
  /** It needs an engine: the steps that a request may take are shared with others of this kind. */
  readonly isCostly: boolean
  /**
   * False also when the expression fails on this request or takes too long on it.
   * @param steps it may take, at most `STEPS`
   */
  matches(request: FilterRequest, steps?: number): boolean
}

const NOTHING: FilterNeeds = { body: false, source: false }

const MAX_LENGTH = 4096

/**
 * Compiles a filter; the empty one takes everything. Asynchronous because the engines are loaded only for filters that need them. Rejects
 * with a `FilterError`.
 */
export async function compileFilter(cel: string): Promise<Filter> {
  if (cel.length > MAX_LENGTH) throw new FilterError(`${cel.slice(0, 60)}…`, `longer than ${MAX_LENGTH} characters`)
  const { terms, whole } = readConjunction(cel)
  if (!whole || terms.some((term) => term.kind !== 'mark' && term.test === 'find')) return compileWithEngine(cel)
  const made = { needs: NOTHING, terms, looksInside: looksInside(cel), isCostly: false, engine: undefined }
  return new Compiled(made, matchTerms(terms, noPatterns))
}

async function compileWithEngine(cel: string): Promise<Filter> {
  const { terms, whole } = readConjunction(cel)
  // The whole expression is read in any case: it shows where a mistake is.
  const [{ compileCel }, { compilePattern }] = await Promise.all([
    import('./cel/filter.ts'),
    import('./pattern/pattern.ts'),
  ])
  const engine = compileCel(cel)
  const made = { needs: engine.needs, terms, looksInside: looksInside(cel), isCostly: true, engine }
  if (whole) return new Compiled(made, matchTerms(terms, compilePattern))
  // Terms are asked first: they cost least, and what they refuse the expression need not see.
  const cheap = terms.filter((term) => term.kind === 'mark' || term.test !== 'find')
  const first = matchTerms(cheap, noPatterns)
  return new Compiled(made, (request, budget) => first(request, budget) && engine.matches(request, budget))
}

interface Made extends Pick<Filter, 'needs' | 'terms' | 'looksInside' | 'isCostly'> {
  engine: { readonly failed: number } | undefined
}

class Compiled implements Filter {
  readonly needs: FilterNeeds
  readonly terms: readonly Term[]
  readonly looksInside: boolean
  readonly isCostly: boolean
  readonly #engine: Made['engine']
  readonly #matches: MatchTerms
  readonly #budget = new Budget()
  exceeded = 0

  constructor({ needs, terms, looksInside, isCostly, engine }: Made, matches: MatchTerms) {
    this.needs = needs
    this.terms = terms
    this.looksInside = looksInside
    this.isCostly = isCostly
    this.#engine = engine
    this.#matches = matches
  }

  get failed(): number {
    return this.#engine?.failed ?? 0
  }

  get spent(): number {
    return this.#budget.spent
  }

  matches(request: FilterRequest, steps: number = STEPS): boolean {
    try {
      return this.#matches(request, this.#budget.renew(steps))
    } catch (error) {
      if (!(error instanceof Exceeded)) throw error
      this.exceeded++
      return false
    }
  }
}

function noPatterns(): never {
  throw new Error('patterns need their engine')
}
