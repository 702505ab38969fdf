/** One input, as a seed decides it: read by us in two ways, and by Node. */
import { Random } from '../../chaos/random.ts'
import type { Verdict } from '../../fuzz/verdict.ts'
import { compare } from './compare.ts'
import { type Choose, messages } from './grammar.ts'
import { readAsNode } from './oracle.ts'
import { readAsWe } from './ours.ts'
import type { What } from './reading.ts'

/** The input of a seed. */
export function inputOf(seed: number): { what: What; bytes: Buffer; cuts: number[] } {
  const random = new Random(seed)
  const choose: Choose = (count) => Math.floor(random.next() * count)
  const what: What = choose(4) === 0 ? 'answer' : 'request'
  const bytes = Buffer.from(messages(what, choose), 'latin1')
  return { what, bytes, cuts: cutsOf(bytes.length, choose) }
}

/** Never throws: what a reader throws that is no `BadMessage` is a failure of its own. */
export function check(seed: number): Verdict {
  const { what, bytes, cuts } = inputOf(seed)
  try {
    return judged(what, bytes, cuts)
  } catch (error) {
    return { kind: 'wrong', why: `it threw ${(error as Error).stack}` }
  }
}

/** @param cuts where the bytes are parted when they are read once more: that must make no difference */
export function judged(what: What, bytes: Buffer, cuts: number[]): Verdict {
  const whole = readAsWe(bytes, what)
  // What it is refused for may differ: more is wrong with the whole than with its beginning.
  const [one, other] = [whole, readAsWe(bytes, what, cuts)].map((reading) => JSON.stringify({ ...reading, why: '' }))
  if (one !== other) return { kind: 'wrong', why: `whole it is ${one}, parted at ${cuts} it is ${other}` }
  const verdict = compare(whole, readAsNode(bytes, what))
  if (verdict.kind !== 'wrong' || !TAB.test(bytes.toString('latin1'))) return verdict
  return { kind: 'looser', why: 'a tab beside a coding' }
}

/** A tab is a blank (RFC 9110 §5.6.3); for Node it is a part of the coding beside it. */
const TAB = /^transfer-encoding:[^\n]*\t/im

function cutsOf(length: number, choose: Choose): number[] {
  return Array.from({ length: choose(4) }, () => choose(length)).sort((left, right) => left - right)
}
