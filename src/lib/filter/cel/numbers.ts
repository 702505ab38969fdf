/** Arithmetic. Whole numbers of an expression are CEL's 64-bit ones; numbers of JSON are floating, and so is what is made with them. */
import type { Budget } from '../budget.ts'
import { Failure, isList, isNumber, kindOf, type Value } from './values.ts'

type Operator = '+' | '-' | '*' | '/' | '%'

/** Throws `Failure`. */
export function arithmetic(op: Operator, a: Value, b: Value, budget: Budget): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return whole(op, a, b)
  if (isNumber(a) && isNumber(b)) return floating(op, Number(a), Number(b))
  if (op === '+' && typeof a === 'string' && typeof b === 'string') {
    budget.spend(a.length + b.length)
    return a + b
  }
  if (op === '+' && isList(a) && isList(b)) {
    budget.spend(6 * (a.length + b.length))
    return [...a, ...b]
  }
  throw new Failure(`${kindOf(a)} ${op} ${kindOf(b)} is nothing`)
}

export function negated(value: Value): Value {
  if (typeof value === 'bigint') return bounded(-value)
  if (typeof value === 'number') return -value
  throw new Failure(`${kindOf(value)} is no number`)
}

function whole(op: Operator, a: bigint, b: bigint): bigint {
  if ((op === '/' || op === '%') && b === 0n) throw new Failure('nothing can be divided by 0')
  switch (op) {
    case '+':
      return bounded(a + b)
    case '-':
      return bounded(a - b)
    case '*':
      return bounded(a * b)
    case '/':
      return bounded(a / b)
    case '%':
      return a % b
  }
}

function bounded(number: bigint): bigint {
  if (BigInt.asIntN(64, number) !== number) throw new Failure('the number has more than 64 bits')
  return number
}

function floating(op: Operator, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
  }
}
