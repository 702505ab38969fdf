/** `node test/chaos/main.ts FROM TO`: the seeds in as many processes as there are processors. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

const [from = 1, to = 10_000] = process.argv.slice(2).map(Number)
const parts = Math.max(1, availableParallelism())
const size = Math.ceil((to - from + 1) / parts)
const codes = await Promise.all(
  Array.from({ length: parts }, async (_, part) => {
    const first = from + part * size
    const seeds = `${first}-${Math.min(to, first + size - 1)}`
    const child = spawn(process.execPath, ['--test', 'test/chaos/chaos.test.ts'], {
      stdio: 'inherit',
      env: { ...process.env, SEEDS: seeds },
    })
    await once(child, 'close')
    return child.exitCode ?? 1
  }),
)
process.exitCode = Math.max(...codes)
