/**
 * `npm run fuzz -- [COUNT] [FIRST] [SUBJECT]`: so many seeds (1,000,000) from FIRST (1) of each subject, or of one, in as many processes as there are
 * processors. Each seed is one input. Prints the seeds that fail, and how all others were judged.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Tally } from './batch.ts'
import { SUBJECTS, type Subject } from './subject.ts'

const [countText = '1000000', firstText = '1', only] = process.argv.slice(2)
const [count, first] = [Number(countText), Number(firstText)]
/** What a process may be worth after hundreds of thousands of inputs, of which each is small. */
const MAX_RSS_BYTES = 512 * 1024 * 1024

const say = (line: string): boolean => process.stdout.write(`${line}\n`)
for (const [name, subject] of SUBJECTS) {
  if (only === undefined || only === name) await fuzz(name, subject)
}
if (only !== undefined && !SUBJECTS.has(only)) throw new Error(`${only} is not fuzzed`)

async function fuzz(name: string, subject: Subject): Promise<void> {
  const startedAt = performance.now()
  say(`${name}: ${subject.title}`)
  const parts = Math.max(1, availableParallelism())
  const size = Math.ceil(count / parts)
  const tallies = await Promise.all(
    Array.from({ length: parts }, (_, part) => batch(name, first + part * size, Math.min(size, count - part * size))),
  )
  const problems = problemsOf(tallies, subject)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  say(`${count} inputs in ${seconds} s: ${problems.length === 0 ? 'no disagreement' : problems.join('; ')}`)
  if (problems.length > 0) process.exitCode = 1
}

async function batch(name: string, from: number, seeds: number): Promise<Tally> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'batch.ts'), name, String(from), String(seeds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`the seeds from ${from} ended with ${child.signalCode ?? child.exitCode}`)
  return JSON.parse(text) as Tally
}

/** Says how the inputs were judged. */
function problemsOf(tallies: Tally[], { leastSame, leastRefused }: Subject): string[] {
  const kinds = new Map<string, number>()
  for (const [kind, times] of tallies.flatMap((tally) => Object.entries(tally.kinds))) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + times)
  }
  const failures = tallies.flatMap((tally) => tally.failures)
  for (const [kind, times] of [...kinds].sort(([, left], [, right]) => right - left)) {
    say(`${String(times).padStart(9)}  ${kind}`)
  }
  for (const { seed, why } of failures.slice(0, 20)) say(`seed ${seed}: ${why}`)
  const share = (kind: string): number => {
    const of = [...kinds].filter(([one]) => one.startsWith(kind)).reduce((sum, [, times]) => sum + times, 0)
    return of / count
  }
  return [
    ...(failures.length > 0 ? [`${failures.length} seeds failed`] : []),
    ...(share('same') < leastSame ? [`only ${Math.round(share('same') * 100)} % were read to their end by both`] : []),
    ...(share('both') < leastRefused ? [`only ${Math.round(share('both') * 100)} % were refused by both`] : []),
    ...tallies.flatMap(({ rss }) => (rss > MAX_RSS_BYTES ? [`a process grew to ${Math.round(rss / 1e6)} MB`] : [])),
  ]
}
