/** Each part of an expression with its value. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { Budget, Exceeded } from '../budget.ts'
import type { FilterRequest } from '../request.ts'
import { checkCel } from './check.ts'
import { compileNode } from './compile.ts'
import { truth } from './operations.ts'
import { parseCel } from './parse.ts'
import { Failure, type Value } from './values.ts'

export interface Explained {
  matches: boolean
  /** What ended the evaluation before it had a result. */
  failure?: string
  /** Steps that it took of those that a filter may take. */
  steps: number
  /** In the order of the text, what is around before what is inside; parts that were not needed are left out. */
  parts: { text: string; depth: number; value?: Value; failure?: string }[]
}

/** Throws a `FilterError`. */
export function explainCel(cel: string, request: FilterRequest): Explained {
  const tree = parseCel(cel)
  checkCel(tree)
  const seen = new Map<ASTNode, Value | Failure>()
  const evaluate = compileNode(tree, { locals: [], observer: (node, value) => seen.set(node, value) })
  const budget = new Budget()
  const outcome: Pick<Explained, 'matches' | 'failure'> = { matches: false }
  try {
    outcome.matches = truth(evaluate({ request, budget, locals: [] }))
  } catch (error) {
    if (!(error instanceof Failure || error instanceof Exceeded)) throw error
    outcome.failure = error.message
  }
  const parts: Explained['parts'] = []
  const walk = (node: ASTNode, depth: number, around?: ASTNode): void => {
    const value = seen.get(node)
    // `a && b && c` is one thing with three parts, and what a field was read from matters only when it is absent.
    const shown = value !== undefined && !isPartOfChain(node, around) && !(isAccess(around) && seen.get(around) !== '')
    if (shown) {
      const text = textOf(node)
      parts.push(value instanceof Failure ? { text, depth, failure: value.message } : { text, depth, value })
    }
    for (const child of childrenOf(node)) walk(child, depth + (shown ? 1 : 0), node)
  }
  walk(tree, 0)
  return { ...outcome, steps: budget.spent, parts }
}

function isPartOfChain({ op }: ASTNode, around: ASTNode | undefined): boolean {
  return (op === '&&' || op === '||') && around?.op === op
}

function isAccess(node: ASTNode | undefined): node is ASTNode {
  return node?.op === '.' || node?.op === '[]'
}

function childrenOf({ args }: ASTNode): ASTNode[] {
  return [args].flat(3).filter((one): one is ASTNode => typeof one === 'object' && one !== null && 'op' in one)
}

const TEXT = /[rR]?(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/g

/** Its place in the expression; parentheses at its ends, which the tree does not know, are found again. */
function textOf({ input, start, end }: ASTNode): string {
  let [from, to] = [start, end]
  for (;;) {
    let open = 0
    let missing = 0
    for (const char of input.slice(from, to).replaceAll(TEXT, '')) {
      if (char === '(') open++
      else if (char === ')' && open > 0) open--
      else if (char === ')') missing++
    }
    const before = missing > 0 ? input.lastIndexOf('(', from - 1) : from
    const after = open > 0 ? input.indexOf(')', to) + 1 : to
    if ((before === from && after === to) || before < 0 || after === 0) return input.slice(from, to)
    ;[from, to] = [before, after]
  }
}
