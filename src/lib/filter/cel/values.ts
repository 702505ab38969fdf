/** Values of expressions: what they have, and how they compare. JSON as JavaScript has it, and maps and whole numbers of CEL. */
import type { Budget } from '../budget.ts'

export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | { readonly [name: string]: Value }

/** What an expression cannot do with its values. Thrown without a trace, which would cost more than all else: a loop may fail at each turn. */
export class Failure {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

export function isMap(value: Value): value is ReadonlyMap<Value, Value> {
  return value instanceof Map
}

export function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** Measured, as all steps: of one comparison, and of one key of an object or map. */
const EQUAL_STEPS = 3
const KEY_STEPS = 20

const MAX_DEPTH = 64

/** A name for messages. */
export function kindOf(value: Value): string {
  if (value === null) return 'null'
  if (isNumber(value)) return 'a number'
  if (typeof value === 'string') return value === '' ? 'empty or absent' : 'a string'
  if (typeof value === 'boolean') return `${value}`
  return isList(value) ? 'a list' : 'a map'
}

/** What a map, an object or a list has under a key; `""` when it has nothing, or is something else. */
export function fieldOf(value: Value, key: Value): Value {
  if (isMap(value)) return present(value.get(key))
  if (isList(value)) return isNumber(key) ? present(value[Number(key)]) : ''
  if (typeof value !== 'object' || value === null || typeof key !== 'string' || !Object.hasOwn(value, key)) return ''
  return present(value[key])
}

/** What is not there is `""`; null is there. */
function present(value: Value | undefined): Value {
  return value === undefined ? '' : value
}

/** Elements of a list, keys of a map. What has none, such as what is absent, has nothing to go through. */
export function elementsOf(value: Value, budget: Budget): readonly Value[] {
  if (isList(value)) return value
  if (typeof value === 'object' && value !== null) {
    const keys = isMap(value) ? [...value.keys()] : Object.keys(value)
    budget.spend(KEY_STEPS * keys.length)
    return keys
  }
  if (value === '') return []
  throw new Failure(`${kindOf(value)} has no elements`)
}

/** Values of different kinds are not equal. Numbers are, when they are worth the same. */
export function equal(a: Value, b: Value, budget: Budget, depth = 0): boolean {
  if (typeof a === 'string' || typeof b === 'string') {
    budget.spend(EQUAL_STEPS + (typeof a === 'string' ? a.length >> 3 : 0))
    return a === b
  }
  budget.spend(EQUAL_STEPS)
  // biome-ignore lint/suspicious/noDoubleEquals: 3n == 3 is what is meant
  if (isNumber(a) && isNumber(b)) return a == b
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  // JSON of 64 KiB may be nested deeper than a stack is.
  if (depth > MAX_DEPTH) throw new Failure('what is compared is nested too deeply')
  if (isList(a) || isList(b)) {
    return (
      isList(a) &&
      isList(b) &&
      a.length === b.length &&
      a.every((one, at) => equal(one, present(b[at]), budget, depth + 1))
    )
  }
  const keys = elementsOf(a, budget)
  budget.spend(KEY_STEPS * keys.length)
  return (
    keys.length === sizeOf(b, budget) &&
    keys.every((key) => has(b, key) && equal(fieldOf(a, key), fieldOf(b, key), budget, depth + 1))
  )
}

/** @returns negative, 0 or positive; `NaN` for what has no order, such as anything beside what is absent */
export function compare(a: Value, b: Value, budget: Budget): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : Number(a) - Number(b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN
  budget.spend(Math.min(a.length, b.length) >> 2)
  return a < b ? -1 : a > b ? 1 : 0
}

/** `in`: an element of a list, a key of a map. */
export function contains(value: Value, one: Value, budget: Budget): boolean {
  if (isList(value)) return value.some((element) => equal(element, one, budget))
  return has(value, one)
}

function has(value: Value, key: Value): boolean {
  if (isMap(value)) return value.has(key)
  return typeof value === 'object' && value !== null && typeof key === 'string' && Object.hasOwn(value, key)
}

/** Characters of a string (code points, as CEL counts), elements of the rest. */
export function sizeOf(value: Value, budget: Budget): number {
  if (typeof value === 'string') {
    budget.spend(value.length)
    let size = 0
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at)
      if (unit >= 0xd800 && unit < 0xdc00 && (value.codePointAt(at) ?? 0) > 0xffff) at++
      size++
    }
    return size
  }
  if (isMap(value)) return value.size
  if (isList(value)) return value.length
  if (typeof value === 'object' && value !== null) {
    const { length } = Object.keys(value)
    budget.spend(KEY_STEPS * length)
    return length
  }
  throw new Failure(`${kindOf(value)} has no size`)
}
