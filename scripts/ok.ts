/** `npm run ok`: what must be true of every commit. With `--e2e` also the end-to-end suite on the sandbox. Stops at the first failure. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { keepCompiled } from './compile-cache.ts'

interface Step {
  name: string
  command: string
  args: string[]
}

const tests = globSync([
  'src/**/*.test.ts',
  'test/{unit,compliance,fixtures,chaos,peers,http1,http2}/**/*.test.ts',
  'scripts/**/*.test.ts',
]).sort()
const steps: Step[] = [
  { name: 'format and lint', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'unit and integration tests', command: 'node', args: ['--test', '--test-timeout=120000', ...tests] },
]
if (process.argv.includes('--e2e') && existsSync('src/sandbox/command.ts')) {
  steps.push({ name: 'end to end on the sandbox', command: 'node', args: ['test/e2e/main.ts'] })
}

keepCompiled()
for (const { name, command, args } of steps) {
  const startedAt = performance.now()
  process.stdout.write(`== ${name}\n`)
  const { status, signal } = spawnSync(command, args, { stdio: 'inherit' })
  if (status !== 0) {
    process.stdout.write(`== ${name}: failed (${signal ?? `exit ${status}`})\n`)
    process.exit(status ?? 1)
  }
  process.stdout.write(`== ${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`)
}
