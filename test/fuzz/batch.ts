/** `node test/fuzz/batch.ts SUBJECT FROM COUNT`: so many seeds, one after the other; prints a `Tally` as JSON. */
import { SUBJECTS } from './subject.ts'

export interface Tally {
  /** How often each verdict was given. */
  kinds: Record<string, number>
  failures: { seed: number; why: string }[]
  /** Bytes of memory at the end. */
  rss: number
}

/** More would say nothing more. */
const MAX_FAILURES = 1000
/** One input is some hundred bytes: a reader that takes so long for it hangs. */
const SLOW_MS = 1000

const [subject = '', ...numbers] = process.argv.slice(2)
const [from = 1, count = 1] = numbers.map(Number)
const check = await SUBJECTS.get(subject)?.load()
if (check === undefined) throw new Error(`${subject} is not fuzzed`)
const tally: Tally = { kinds: {}, failures: [], rss: 0 }
for (let seed = from; seed < from + count && tally.failures.length < MAX_FAILURES; seed++) {
  const before = performance.now()
  const { kind, why } = check(seed)
  const ms = performance.now() - before
  if (kind === 'wrong') tally.failures.push({ seed, why })
  else if (ms > SLOW_MS) tally.failures.push({ seed, why: `it took ${Math.round(ms)} ms` })
  const name = kind === 'wrong' ? kind : `${kind} ${why}`.trim()
  tally.kinds[name] = (tally.kinds[name] ?? 0) + 1
}
tally.rss = process.memoryUsage().rss
process.stdout.write(JSON.stringify(tally))
