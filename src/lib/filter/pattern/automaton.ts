/**
 * A program of RE2 as a deterministic automaton that is built while it runs. A state is the set of instructions that wait for the next
 * character, with what the assertions among them have to know of the last one. What an assertion needs of the next character (`$`, `\b`)
 * is known when that character comes: so a match shows one character late, or at the text's end.
 */
import type { Budget } from '../budget.ts'
import {
  BEGIN_LINE,
  BEGIN_TEXT,
  classOf,
  END_LINE,
  END_TEXT,
  isAnchored,
  isWordRune,
  NO_WORD_BOUNDARY,
  OP,
  type Program,
  WORD_BOUNDARY,
} from './program.ts'

interface State {
  /** Instructions, in order. */
  readonly waiting: Uint16Array
  /** What is known of the last character: `BEGIN_*`, `AFTER_WORD`. */
  readonly before: number
  /** By class of the next character; the last is the text's end. */
  readonly next: (State | undefined)[]
}

/** In `State.before`, beside the assertions. */
const AFTER_WORD = 64

const END = -1
const LATIN = 256
/** Bounds the memory of one automaton: transitions that are kept, some 512 KiB. When they are used up all are forgotten. */
const MAX_CELLS = 1 << 16

/** The largest number that `#visits` can hold. */
const MAX_VISIT = 2 ** 32 - 1

/** Measured, as all steps: what is done for a state that is not known yet. */
const VISIT_STEPS = 10
const STATE_STEPS = 60
const TARGET_STEPS = 12

/** The two ends of a search. */
const MATCHED: State = { waiting: new Uint16Array(), before: 0, next: [] }
const LOST: State = { waiting: new Uint16Array(), before: 0, next: [] }

export class Automaton {
  readonly #program: Program
  readonly #bounds: Int32Array
  readonly #latin = new Uint16Array(LATIN)
  /** What finding the class of a character costs that is not in the table. */
  readonly #wideSteps: number
  /** The bits of `before` that make a difference in this program. */
  readonly #mattering: number
  /** It matches at the text's beginning or not at all. */
  readonly #anchored: boolean
  readonly #states = new Map<string, State>()
  #start: State | undefined
  #cells = 0
  /** Which instructions were visited, by the number of the visit. */
  readonly #visits: Uint32Array
  #visit = 0
  readonly #pending: number[] = []

  /** @param bounds first characters of the program's classes of characters but the first, in order */
  constructor(program: Program, bounds: Int32Array) {
    this.#program = program
    this.#bounds = bounds
    this.#wideSteps = Math.ceil(0.8 * Math.log2(bounds.length + 1))
    this.#visits = new Uint32Array(program.inst.length)
    for (let rune = 0; rune < LATIN; rune++) this.#latin[rune] = classOf(rune, bounds)
    const asserted = program.inst.reduce((all, { op, arg }) => (op === OP.EMPTY_WIDTH ? all | arg : all), 0)
    const words = (asserted & (WORD_BOUNDARY | NO_WORD_BOUNDARY)) === 0 ? 0 : AFTER_WORD
    this.#mattering = (asserted & (BEGIN_LINE | BEGIN_TEXT)) | words
    this.#anchored = isAnchored(program)
  }

  /** Whether the text has a match anywhere. Throws `Exceeded`. */
  find(text: string, budget: Budget): boolean {
    this.#start ??= this.#stateOf([this.#program.start], (BEGIN_LINE | BEGIN_TEXT) & this.#mattering, budget)
    let state = this.#start
    let at = 0
    let told = 0
    while (at < text.length) {
      let rune = text.charCodeAt(at++)
      if (rune >= LATIN) {
        told -= this.#wideSteps
        if (rune >= 0xd800 && rune < 0xdc00) {
          rune = text.codePointAt(at - 1) ?? rune
          if (rune > 0xffff) at++
        }
      }
      const kind = rune < LATIN ? (this.#latin[rune] ?? 0) : classOf(rune, this.#bounds)
      let next = state.next[kind]
      if (next === undefined) {
        budget.spend(at - told)
        told = at
        next = this.#step(state, kind, rune, budget)
      }
      if (next === MATCHED || next === LOST) {
        budget.spend(at - told)
        return next === MATCHED
      }
      state = next
    }
    budget.spend(at - told + 1)
    const kind = this.#bounds.length + 1
    return (state.next[kind] ?? this.#step(state, kind, END, budget)) === MATCHED
  }

  #step(state: State, kind: number, rune: number, budget: Budget): State {
    const next = this.#nextOf(state, rune, budget)
    state.next[kind] = next
    return next
  }

  #nextOf({ waiting, before }: State, rune: number, budget: Budget): State {
    const isWord = isWordRune(rune)
    let holds = before & (BEGIN_LINE | BEGIN_TEXT)
    if (rune === 10 || rune === END) holds |= END_LINE
    if (rune === END) holds |= END_TEXT
    holds |= isWord === ((before & AFTER_WORD) !== 0) ? NO_WORD_BOUNDARY : WORD_BOUNDARY
    const targets: number[] = this.#anchored || rune === END ? [] : [this.#program.start]
    if (this.#follow(waiting, holds, rune, targets, budget)) return MATCHED
    if (targets.length === 0) return LOST
    return this.#stateOf(
      targets,
      ((rune === 10 ? BEGIN_LINE : 0) | (isWord ? AFTER_WORD : 0)) & this.#mattering,
      budget,
    )
  }

  /**
   * Follows all that takes no character, and collects in `targets` where the next one leads.
   * @returns true when the match is there
   */
  #follow(waiting: Uint16Array, holds: number, rune: number, targets: number[], budget: Budget): boolean {
    const { inst } = this.#program
    if (this.#visit === MAX_VISIT) {
      this.#visits.fill(0)
      this.#visit = 0
    }
    const visit = ++this.#visit
    const pending = this.#pending
    pending.length = 0
    for (const pc of waiting) pending.push(pc)
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      const one = inst[pc]
      if (one === undefined || this.#visits[pc] === visit) continue
      this.#visits[pc] = visit
      budget.spend(VISIT_STEPS)
      const { op } = one
      if (op === OP.MATCH) return true
      if (op >= OP.RUNE && op <= OP.RUNE_LAST) {
        if (rune !== END && one.matchRune(rune)) targets.push(one.out)
      } else if (op === OP.ALT || op === OP.ALT_MATCH) pending.push(one.arg, one.out)
      else if (op === OP.NOP || op === OP.CAPTURE || (op === OP.EMPTY_WIDTH && (one.arg & ~holds) === 0)) {
        pending.push(one.out)
      }
    }
    return false
  }

  #stateOf(targets: number[], before: number, budget: Budget): State {
    budget.spend(STATE_STEPS + TARGET_STEPS * targets.length)
    const waiting = Uint16Array.from(targets).sort()
    let key = String.fromCharCode(before)
    let last = -1
    for (const pc of waiting) {
      if (pc !== last) key += String.fromCharCode(pc)
      last = pc
    }
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const cells = this.#bounds.length + 2 + waiting.length
    budget.spend(STATE_STEPS + cells)
    this.#cells += cells
    if (this.#cells > MAX_CELLS) {
      this.#states.clear()
      this.#start = undefined
      this.#cells = cells
    }
    const state: State = { waiting, before, next: new Array(this.#bounds.length + 2).fill(undefined) }
    this.#states.set(key, state)
    return state
  }
}
