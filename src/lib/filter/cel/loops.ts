/** Loops over the elements of a list or the keys of a map. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { Exceeded, FAILURE_STEPS } from '../budget.ts'
import { compileNode, type Scope } from './compile.ts'
import { type Evaluate, type Run, truth } from './operations.ts'
import { elementsOf, type Value } from './values.ts'

/** What each turn costs beside what it evaluates. */
const TURN_STEPS = 8

export const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map'])

/** `receiver.name(variable, …)`; the tree says that the first argument is a name. */
export function compileLoop(name: string, receiver: ASTNode, args: readonly ASTNode[], scope: Scope): Evaluate {
  const [variable, ...rest] = args
  const range = compileNode(receiver, scope)
  const depth = scope.locals.length
  // What happens in each turn is not told to an observer: it would be told many values of one place.
  const inner: Scope = { locals: [...scope.locals, variable?.op === 'id' ? variable.args : ''] }
  const [first = yes, second] = rest.map((one) => compileNode(one, inner))
  const each = (run: Run, one: Value): void => {
    run.budget.spend(TURN_STEPS)
    run.locals[depth] = one
  }
  switch (name) {
    case 'all':
      return (run) => quantified(run, elementsOf(range(run), run.budget), each, first, false)
    case 'exists':
      return (run) => quantified(run, elementsOf(range(run), run.budget), each, first, true)
    case 'exists_one':
      return (run) => kept(run, elementsOf(range(run), run.budget), each, first).length === 1
    case 'filter':
      return (run) => kept(run, elementsOf(range(run), run.budget), each, first)
    default: {
      const [condition, transform] = second === undefined ? [yes, first] : [first, second]
      return (run) =>
        kept(run, elementsOf(range(run), run.budget), each, condition).map((one) => {
          each(run, one)
          return transform(run)
        })
    }
  }
}

const yes: Evaluate = () => true

/** As `&&` and `||` over all turns: one that decides makes up for those that fail. */
function quantified(
  run: Run,
  elements: readonly Value[],
  each: (run: Run, one: Value) => void,
  predicate: Evaluate,
  decides: boolean,
): boolean {
  let failure: unknown
  for (const one of elements) {
    each(run, one)
    try {
      if (truth(predicate(run)) === decides) return decides
    } catch (error) {
      if (error instanceof Exceeded) throw error
      run.budget.spend(FAILURE_STEPS)
      failure ??= error
    }
  }
  if (failure !== undefined) throw failure
  return !decides
}

function kept(
  run: Run,
  elements: readonly Value[],
  each: (run: Run, one: Value) => void,
  predicate: Evaluate,
): readonly Value[] {
  return elements.filter((one) => {
    each(run, one)
    return truth(predicate(run))
  })
}
