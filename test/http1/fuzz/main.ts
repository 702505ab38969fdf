/**
 * `npm run fuzz -- [COUNT] [FIRST]`: so many seeds (1,000,000) from FIRST (1) in as many processes as there are processors. Each seed is one
 * input: a stream of requests, or of answers. Prints the seeds that fail, and how all others were judged.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Tally } from './batch.ts'

const [count = 1_000_000, first = 1] = process.argv.slice(2).map(Number)
/** What a process may be worth after hundreds of thousands of inputs, of which each is small. */
const MAX_RSS_BYTES = 512 * 1024 * 1024
/** Of all inputs, so many must be read to their end by both: who refuses everything is wrong too. */
const LEAST_SAME = 0.25
/** And so many must be refused by both: else the mistakes in them were no mistakes. */
const LEAST_REFUSED = 0.15

const startedAt = performance.now()
const parts = Math.max(1, availableParallelism())
const size = Math.ceil(count / parts)
const tallies = await Promise.all(
  Array.from({ length: parts }, (_, part) => batch(first + part * size, Math.min(size, count - part * size))),
)

async function batch(from: number, seeds: number): Promise<Tally> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'batch.ts'), String(from), String(seeds)], {
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

const kinds = new Map<string, number>()
for (const [name, times] of tallies.flatMap((tally) => Object.entries(tally.kinds))) {
  kinds.set(name, (kinds.get(name) ?? 0) + times)
}
const failures = tallies.flatMap((tally) => tally.failures)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
for (const [name, times] of [...kinds].sort(([, left], [, right]) => right - left))
  say(`${String(times).padStart(9)}  ${name}`)
for (const { seed, why } of failures.slice(0, 20)) say(`seed ${seed}: ${why}`)

const share = (kind: string): number => {
  const of = [...kinds].filter(([name]) => name.startsWith(kind)).reduce((sum, [, times]) => sum + times, 0)
  return of / count
}
const problems = [
  ...(failures.length > 0 ? [`${failures.length} seeds failed`] : []),
  ...(share('same') < LEAST_SAME ? [`only ${Math.round(share('same') * 100)} % were read to their end by both`] : []),
  ...(share('both') < LEAST_REFUSED ? [`only ${Math.round(share('both') * 100)} % were refused by both`] : []),
  ...tallies.flatMap(({ rss }) => (rss > MAX_RSS_BYTES ? [`a process grew to ${Math.round(rss / 1e6)} MB`] : [])),
]
const seconds = Math.round((performance.now() - startedAt) / 1000)
say(`${count} inputs in ${seconds} s: ${problems.length === 0 ? 'no disagreement' : problems.join('; ')}`)
process.exitCode = problems.length === 0 ? 0 : 1
