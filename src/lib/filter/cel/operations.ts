/** What is done with values that have been evaluated. */
import { type Budget, Exceeded, FAILURE_STEPS } from '../budget.ts'
import type { FilterRequest } from '../request.ts'
import type { CelFunction } from './functions.ts'
import { Failure, kindOf, type Value } from './values.ts'

/** One evaluation. */
export interface Run {
  readonly request: FilterRequest
  readonly budget: Budget
  /** Variables of the loops around, by their depth. */
  readonly locals: Value[]
}

/** Throws `Failure` and `Exceeded`. */
export type Evaluate = (run: Run) => Value

export type Operate = (a: Value, b: Value, budget: Budget) => Value

export function binary(left: Evaluate, right: Evaluate, operate: Operate): Evaluate {
  return (run) => {
    run.budget.spend(1)
    return operate(left(run), right(run), run.budget)
  }
}

/** CEL's `&&` and `||`: an operand that decides makes up for one that fails, on either side. */
export function logical(left: Evaluate, right: Evaluate, decides: boolean): Evaluate {
  return (run) => {
    let first: boolean
    try {
      first = truth(left(run))
    } catch (error) {
      if (error instanceof Exceeded) throw error
      run.budget.spend(FAILURE_STEPS)
      if (truth(right(run)) !== decides) throw error
      return decides
    }
    return first === decides ? decides : truth(right(run))
  }
}

export function called(own: CelFunction, args: readonly Evaluate[]): Evaluate {
  return (run) => {
    run.budget.spend(4)
    const values = args.map((one) => one(run))
    return own(values, run.budget)
  }
}

export function truth(value: Value): boolean {
  if (typeof value !== 'boolean') throw new Failure(`${kindOf(value)} is not true or false`)
  return value
}
