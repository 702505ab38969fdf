/** Programs of RE2, and what their instructions ask. */

/** A program as re2js compiles it. */
export interface Program {
  readonly start: number
  readonly inst: readonly Instruction[]
}

export interface Instruction {
  readonly op: number
  readonly out: number
  readonly arg: number
  matchRune(rune: number): boolean
}

export const OP = {
  ALT: 1,
  ALT_MATCH: 2,
  CAPTURE: 3,
  EMPTY_WIDTH: 4,
  MATCH: 6,
  NOP: 7,
  RUNE: 8,
  RUNE_LAST: 11,
} as const
/** What an `EMPTY_WIDTH` instruction asks for, in its `arg`. */
export const BEGIN_LINE = 1
export const END_LINE = 2
export const BEGIN_TEXT = 4
export const END_TEXT = 8
export const WORD_BOUNDARY = 16
export const NO_WORD_BOUNDARY = 32

/** Number of the class of a character: how many classes begin before or at it. */
export function classOf(rune: number, bounds: Int32Array): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((bounds[middle] ?? 0) <= rune) low = middle + 1
    else high = middle
  }
  return low
}

/** As `\b` and `\w` understand it: ASCII. */
export function isWordRune(rune: number): boolean {
  return (rune >= 48 && rune <= 57) || (rune >= 65 && rune <= 90) || rune === 95 || (rune >= 97 && rune <= 122)
}

/** Whether it matches at a text's beginning or not at all. */
export function isAnchored({ start, inst }: Program): boolean {
  for (let one = inst[start]; one !== undefined; one = inst[one.out]) {
    if (one.op === OP.EMPTY_WIDTH && (one.arg & BEGIN_TEXT) !== 0) return true
    if (one.op !== OP.CAPTURE && one.op !== OP.NOP && one.op !== OP.EMPTY_WIDTH) return false
  }
  return false
}
