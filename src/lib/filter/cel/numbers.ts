/** Arithmetic. Whole numbers, also those of JSON (`json.ts`), are CEL's 64-bit ones; what is made with a floating one is floating. */
import type { Budget } from '../budget.ts'
import { Failure, isList, isNumber, kindOf, type Value } from './values.ts'

const DIVIDED_BY_0 = 'nothing can be divided by 0'

type Operator = '+' | '-' | '*' | '/' | '%'

/** Throws `Failure`. */
export function arithmetic(op: Operator, a: Value, b: Value, budget: Budget): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return whole(op, a, b)
  if (isNumber(a) && isNumber(b)) {
    if (op === '%') throw new Failure('only whole numbers have a remainder')
    // As for whole numbers; a floating 0 divides into infinity (IEEE 754).
    if (op === '/' && b === 0n) throw new Failure(DIVIDED_BY_0)
    return floating(op, Number(a), Number(b))
  }
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
  if ((op === '/' || op === '%') && b === 0n) throw new Failure(DIVIDED_BY_0)
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

function floating(op: Exclude<Operator, '%'>, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
  }
}
