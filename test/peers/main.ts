/**
 * `npm run interop -- [--allow-missing] [PART ...]`: the corpora of clients and servers, HTTP/1.1, HTTP/2 and TLS, and the table of smuggling; all of them when none is named.
 * Each prints its own closing line; the exit code is the first that is not 0. 69: something cannot be had on this machine.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keepCompiled } from '../../scripts/compile-cache.ts'
import { endsWithUs } from './children.ts'

const PARTS: Record<string, string> = {
  http1: 'http1/corpus.ts',
  http2: 'http2/corpus.ts',
  smuggling: 'http1/smuggling.ts',
  tls: 'tls/main.ts',
}

async function part(name: string, args: string[] = []): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', name), ...args], { stdio: 'inherit' })
  endsWithUs(child, 'SIGTERM')
  await once(child, 'close')
  return child.exitCode ?? 1
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'allow-missing': { type: 'boolean', default: false } },
})
const unknown = positionals.find((name) => !Object.hasOwn(PARTS, name))
if (unknown !== undefined) {
  process.stderr.write(`There is no part "${unknown}"; the parts are ${Object.keys(PARTS).join(', ')}.\n`)
  process.exit(64)
}

keepCompiled()
const codes: number[] = []
for (const [name, program] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const takes = values['allow-missing'] && name !== 'smuggling'
  codes.push(await part(program, takes ? ['--allow-missing'] : []))
}
const failed = codes.find((code) => code !== 0) ?? 0
process.stdout.write(`interop: ${failed === 0 ? 'all is well' : `failed (exit ${failed})`}\n`)
process.exitCode = failed
