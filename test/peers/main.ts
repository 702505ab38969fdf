/**
 * `npm run interop -- [--allow-missing]`: the corpora of clients and servers, HTTP/1.1 and HTTP/2, then the table of smuggling. Each prints its own closing line; the
 * exit code is the first that is not 0. 69: something cannot be had on this machine.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

async function part(name: string, args: string[] = []): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', name), ...args], { stdio: 'inherit' })
  await once(child, 'close')
  return child.exitCode ?? 1
}

const args = process.argv.slice(2)
const codes = [
  await part('http1/corpus.ts', args),
  await part('http2/corpus.ts', args),
  await part('http1/smuggling.ts'),
]
const failed = codes.find((code) => code !== 0) ?? 0
process.stdout.write(`interop: ${failed === 0 ? 'all is well' : `failed (exit ${failed})`}\n`)
process.exitCode = failed
