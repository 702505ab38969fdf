/** From a syntax tree to a function of a request. */
import type { ASTNode } from '@marcbachmann/cel-js'
import { FilterError } from '../filter-error.ts'
import { compilePattern } from '../pattern/pattern.ts'
import { type CelFunction, FUNCTIONS, METHODS } from './functions.ts'
import { compileLoop, LOOPS } from './loops.ts'
import { arithmetic, negated } from './numbers.ts'
import { binary, called, type Evaluate, logical, type Operate, truth } from './operations.ts'
import { partOf } from './parts.ts'
import { compare, contains, equal, Failure, fieldOf, kindOf, type Value } from './values.ts'

/** Told of each part of an expression outside of loops, when it has been evaluated. */
export type Observer = (node: ASTNode, value: Value | Failure) => void

export interface Scope {
  /** Names of the variables of the loops around. */
  readonly locals: readonly string[]
  readonly observer?: Observer | undefined
}

/** Throws a `FilterError` where a pattern is none. The tree has passed `parse.ts` and `check.ts`. */
export function compileNode(node: ASTNode, scope: Scope): Evaluate {
  const evaluate = compiled(node, scope)
  const { observer } = scope
  if (observer === undefined || node.op === 'value') return evaluate
  return (run) => {
    try {
      const value = evaluate(run)
      observer(node, value)
      return value
    } catch (error) {
      if (error instanceof Failure) observer(node, error)
      throw error
    }
  }
}

function compiled(node: ASTNode, scope: Scope): Evaluate {
  const part = node.op === '.' || node.op === '[]' || node.op === 'id' ? partOf(node, scope) : undefined
  if (part !== undefined) return part
  switch (node.op) {
    case 'value': {
      const { args } = node
      const value = typeof args === 'object' && args !== null ? (args.valueOf() as bigint) : args
      return () => value
    }
    case 'id': {
      const slot = scope.locals.lastIndexOf(node.args)
      return ({ locals }) => {
        const value = locals[slot]
        return value === undefined ? '' : value
      }
    }
    case '.': {
      const [of, name] = node.args
      const owner = compileNode(of, scope)
      return (run) => fieldOf(owner(run), name)
    }
    case '[]':
      return binaryOf(node.args, scope, fieldOf)
    case 'list': {
      const elements = node.args.map((one) => compileNode(one, scope))
      return (run) => {
        run.budget.spend(elements.length)
        return elements.map((element) => element(run))
      }
    }
    case 'map': {
      const entries = node.args.map(([key, value]) => [compileNode(key, scope), compileNode(value, scope)] as const)
      return (run) => {
        run.budget.spend(4 * entries.length)
        return new Map(entries.map(([key, value]) => [key(run), value(run)]))
      }
    }
    case '?:': {
      const [condition, yes, no] = [node.args[0], node.args[1], node.args[2]].map((one) => compileNode(one, scope)) as [
        Evaluate,
        Evaluate,
        Evaluate,
      ]
      return (run) => (truth(condition(run)) ? yes(run) : no(run))
    }
    case '&&':
      return logicalOf(node.args, scope, false)
    case '||':
      return logicalOf(node.args, scope, true)
    case '!_': {
      const operand = compileNode(node.args, scope)
      return (run) => !truth(operand(run))
    }
    case '-_': {
      const operand = compileNode(node.args, scope)
      return (run) => negated(operand(run))
    }
    case '==':
      return binaryOf(node.args, scope, equal)
    case '!=':
      return binaryOf(node.args, scope, (a, b, budget) => !equal(a, b, budget))
    case '<':
      return binaryOf(node.args, scope, (a, b, budget) => compare(a, b, budget) < 0)
    case '<=':
      return binaryOf(node.args, scope, (a, b, budget) => compare(a, b, budget) <= 0)
    case '>':
      return binaryOf(node.args, scope, (a, b, budget) => compare(a, b, budget) > 0)
    case '>=':
      return binaryOf(node.args, scope, (a, b, budget) => compare(a, b, budget) >= 0)
    case 'in':
      return binaryOf(node.args, scope, (a, b, budget) => contains(b, a, budget))
    case '+':
    case '-':
    case '*':
    case '/':
    case '%': {
      const { op } = node
      return binaryOf(node.args, scope, (a, b, budget) => arithmetic(op, a, b, budget))
    }
    case 'call':
      return calledOf(FUNCTIONS[node.args[0]], node.args[1], scope)
    case 'rcall': {
      const [name, receiver, args] = node.args
      if (name === 'matches') return matching(node, receiver, args[0], scope)
      if (LOOPS.has(name)) return compileLoop(name, receiver, args, scope)
      return calledOf(METHODS[name], [receiver, ...args], scope)
    }
    default:
      throw new FilterError(node.input, 'filters do not know this', node.start)
  }
}

function binaryOf([a, b]: readonly [ASTNode, ASTNode], scope: Scope, operate: Operate): Evaluate {
  return binary(compileNode(a, scope), compileNode(b, scope), operate)
}

function logicalOf([a, b]: readonly [ASTNode, ASTNode], scope: Scope, decides: boolean): Evaluate {
  return logical(compileNode(a, scope), compileNode(b, scope), decides)
}

function calledOf(own: CelFunction | undefined, args: readonly ASTNode[], scope: Scope): Evaluate {
  if (own === undefined) throw new Error('the tree was not checked')
  return called(
    own,
    args.map((one) => compileNode(one, scope)),
  )
}

function matching(node: ASTNode, receiver: ASTNode, pattern: ASTNode | undefined, scope: Scope): Evaluate {
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
    throw new FilterError(node.input, 'the pattern must be a plain string', node.start)
  }
  const text = compileNode(receiver, scope)
  try {
    const automaton = compilePattern(pattern.args)
    return (run) => {
      const value = text(run)
      if (typeof value !== 'string') throw new Failure(`${kindOf(value)} is no string`)
      return automaton.find(value, run.budget)
    }
  } catch (error) {
    throw new FilterError(node.input, `not a pattern of RE2: ${(error as Error).message}`, pattern.start)
  }
}
