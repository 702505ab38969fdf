/** One connection's bytes behind its preface, as a seed decides them: our reader beside one by the letter; of some, the engine itself. */
import { Random } from '../../chaos/random.ts'
import type { Verdict } from '../../fuzz/verdict.ts'
import { Echo } from './echo.ts'
import { cuts, sent } from './grammar.ts'
import { readByUs } from './ours.ts'
import { readByTheLetter } from './reference.ts'

/** One in so many seeds goes through the engine: each costs as much as many of the others. */
const ENGINE_EVERY = 4

export function check(seed: number): Verdict {
  const random = new Random(seed)
  try {
    const bytes = sent(random)
    const pieces = cuts(bytes.length, random)
    return seed % ENGINE_EVERY === 0 ? engineJudged(bytes, pieces) : judged(bytes, pieces)
  } catch (error) {
    return { kind: 'wrong', why: `it threw ${(error as Error).stack}` }
  }
}

export function judged(bytes: Buffer, pieces: number[]): Verdict {
  const theirs = readByTheLetter(bytes)
  const ours = readByUs(bytes, pieces)
  if (ours.refused !== theirs.refused) return wrong(`we refuse with ${ours.refused}, the reference ${theirs.refused}`)
  if (ours.end !== theirs.end) return wrong(`we read ${ours.end} bytes, the reference ${theirs.end}`)
  const at = theirs.events.findIndex((event, index) => event !== ours.events[index])
  if (at >= 0) return wrong(`event ${at} is ${ours.events[at]}, for the reference ${theirs.events[at]}`)
  if (ours.events.length > theirs.events.length) return wrong(`the reference has no ${ours.events.at(-1)}`)
  if (ours.refused !== undefined) return { kind: 'both', why: `${ours.refused}` }
  return ours.end < bytes.length ? { kind: 'short', why: '' } : { kind: 'same', why: '' }
}

/** However the bytes are cut, the engine is told the same, sends whole frames, and keeps nothing. */
export function engineJudged(bytes: Buffer, pieces: number[]): Verdict {
  const [whole, cut, ending] = [new Echo(false), new Echo(false), new Echo(true)]
  whole.hop.onData(Buffer.from(bytes))
  let from = 0
  for (const to of pieces) {
    for (const one of [cut, ending]) one.hop.onData(Buffer.from(bytes.subarray(from, to)))
    from = to
  }
  const [one, other] = [whole.told.join('\n'), cut.told.join('\n')]
  if (one !== other) return wrong(`the engine was told ${JSON.stringify(one)}, and in pieces ${JSON.stringify(other)}`)
  for (const echo of [whole, cut, ending]) {
    const output = Buffer.concat(echo.sent)
    const read = readByTheLetter(output)
    if (read.refused !== undefined || read.end !== output.length)
      return wrong(`the engine sends what is refused: ${read.events.at(-1)}`)
    const problem = echo.problem
    if (problem !== undefined) return wrong(problem)
  }
  const last = whole.told.at(-1) ?? ''
  return last.startsWith('broken') ? { kind: 'both', why: `engine ${last}` } : { kind: 'same', why: 'engine' }
}

function wrong(why: string): Verdict {
  return { kind: 'wrong', why }
}
