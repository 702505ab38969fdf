/** The functions of filters, but for `matches` and loops. Each spends before it works. */
import type { Budget } from '../budget.ts'
import { indexOf } from './search.ts'
import { Failure, isList, isNumber, kindOf, sizeOf, type Value } from './values.ts'

export type CelFunction = (args: readonly Value[], budget: Budget) => Value

function text(value: Value | undefined): string {
  if (typeof value !== 'string') throw new Failure(`${kindOf(value ?? null)} is no string`)
  return value
}

function offset(value: Value | undefined, length: number): number {
  if (value === undefined || !isNumber(value)) throw new Failure(`${kindOf(value ?? null)} is no number`)
  const at = Number(value)
  if (!Number.isInteger(at) || at < 0 || at > length) throw new Failure(`${at} is outside of the string`)
  return at
}

/** Characters of two strings are looked at. */
function two([a, b]: readonly Value[], budget: Budget): [string, string] {
  const pair: [string, string] = [text(a), text(b)]
  budget.spend(pair[0].length + pair[1].length)
  return pair
}

/** For searches of the engine that may compare each character of one string with each of the other. */
function product([a, b]: [string, string], budget: Budget): void {
  budget.spend((a.length * b.length) >> 2)
}

function size([value = '']: readonly Value[], budget: Budget): Value {
  return BigInt(sizeOf(value, budget))
}

/** Called as `text.name(…)`. By name. */
export const METHODS: Record<string, CelFunction> = {
  size,
  startsWith([a, b], budget) {
    budget.spend(text(b).length >> 3)
    return text(a).startsWith(text(b))
  },
  endsWith([a, b], budget) {
    budget.spend(text(b).length >> 3)
    return text(a).endsWith(text(b))
  },
  contains: (args, budget) => indexOf(...two(args, budget)) >= 0,
  indexOf(args, budget) {
    const [a, b] = two(args, budget)
    return BigInt(indexOf(a, b, args[2] === undefined ? 0 : offset(args[2], a.length)))
  },
  lastIndexOf(args, budget) {
    const [a, b] = two(args, budget)
    product([a, b], budget)
    return BigInt(args[2] === undefined ? a.lastIndexOf(b) : a.lastIndexOf(b, offset(args[2], a.length)))
  },
  lowerAscii([a], budget) {
    budget.spend(4 * text(a).length)
    return text(a).replace(/[A-Z]+/g, (upper) => upper.toLowerCase())
  },
  upperAscii([a], budget) {
    budget.spend(4 * text(a).length)
    return text(a).replace(/[a-z]+/g, (lower) => lower.toUpperCase())
  },
  trim([a], budget) {
    budget.spend(text(a).length)
    return text(a).trim()
  },
  substring([a, from, to], budget) {
    budget.spend(text(a).length >> 3)
    const start = offset(from, text(a).length)
    const end = to === undefined ? text(a).length : offset(to, text(a).length)
    if (end < start) throw new Failure('the part of the string ends before it begins')
    return text(a).slice(start, end)
  },
  split(args, budget) {
    const [a, b] = two(args, budget)
    product([a, b], budget)
    budget.spend(3 * a.length)
    const limit = args[2] === undefined ? -1 : Number(args[2])
    const parts = a.split(b)
    budget.spend(8 * parts.length)
    if (limit < 0 || parts.length <= limit) return parts
    return limit === 0 ? [] : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(b)]
  },
  join([list = '', between = ''], budget) {
    if (!isList(list)) throw new Failure(`${kindOf(list)} is no list`)
    for (const one of list) budget.spend(4 + text(one).length + text(between).length)
    return list.join(text(between))
  },
}

/** Called as `name(…)`. By name. */
export const FUNCTIONS: Record<string, CelFunction> = {
  size,
  string([value = ''], budget) {
    if (typeof value === 'object') throw new Failure(`${kindOf(value)} is no string`)
    budget.spend(16)
    return `${value}`
  },
  int([value = '']) {
    if (typeof value === 'bigint') return value
    const number = typeof value === 'number' ? value : /^[+-]?\d{1,18}$/.test(text(value)) ? text(value) : Number.NaN
    if (typeof number === 'string') return BigInt(number)
    if (!(Math.abs(number) < 2 ** 63)) throw new Failure(`${kindOf(value)} is no whole number`)
    return BigInt(Math.trunc(number))
  },
  double([value = ''], budget) {
    if (isNumber(value)) return Number(value)
    budget.spend(text(value).length)
    if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text(value).slice(0, 400))) {
      throw new Failure(`${kindOf(value)} is no number`)
    }
    return Number(value)
  },
  bool([value = '']) {
    if (typeof value === 'boolean') return value
    if (value === 'true' || value === 'false') return value === 'true'
    throw new Failure(`${kindOf(value)} is not true or false`)
  },
}
