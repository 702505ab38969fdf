/** An expression as a filter. */
import type { Budget } from '../budget.ts'
import type { FilterNeeds, FilterRequest } from '../request.ts'
import { checkCel } from './check.ts'
import { compileNode } from './compile.ts'
import { parseCel } from './parse.ts'
import { Failure } from './values.ts'

export interface CelFilter {
  readonly needs: FilterNeeds
  /** Requests on which it failed: what they have cannot be compared or computed as it says. */
  readonly failed: number
  /** An expression that fails on a request does not match it. Throws `Exceeded`. */
  matches(request: FilterRequest, budget: Budget): boolean
}

/** Throws a `FilterError`. */
export function compileCel(cel: string): CelFilter {
  const tree = parseCel(cel)
  const needs = checkCel(tree)
  const evaluate = compileNode(tree, { locals: [] })
  let failed = 0
  return {
    needs,
    get failed() {
      return failed
    },
    matches(request, budget) {
      try {
        return evaluate({ request, budget, locals: [] }) === true
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        failed++
        return false
      }
    },
  }
}
