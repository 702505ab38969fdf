import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'

/** Ends at its first signal, with a summary that is there when a line came on its input. */
const COMMAND = `
import { once } from 'node:events'
import { LastWords } from '${join(import.meta.dirname, 'last-words.ts')}'
import { untilStopped } from '${join(import.meta.dirname, 'until-stopped.ts')}'
const words = new LastWords()
const { stopped, off } = untilStopped()
const alive = setInterval(() => {}, 1000)
process.stdout.write('runs\\n')
await stopped
words.begin()
off()
process.stdout.write('ends\\n')
await once(process.stdin, 'data')
process.stdout.write('summary\\n')
words.end()
clearInterval(alive)
process.exit(79)
`

test('a second signal close to the first one loses neither the summary nor its exit code', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', COMMAND], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let said = ''
  const until = async (line: string): Promise<void> => {
    while (!said.includes(line)) said += String((await once(child.stdout, 'data'))[0])
  }
  await until('runs')
  child.kill('SIGINT')
  await until('ends')
  for (const signal of ['SIGINT', 'SIGTERM'] as const) child.kill(signal)
  child.stdin.write('\n')
  await until('summary')
  assert.deepEqual(await closed, [79, null])
})
