/** A Python with the packages that tests ask for: a venv in the project's cache, once for each list of versions. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const CACHE = resolve(import.meta.dirname, '../../../dist/cache')
const PACKAGES = [
  ...['httpx[http2]==0.28.1', 'uvicorn==0.34.0', 'h11==0.16.0', 'websockets==15.0.1'],
  ...['h2==4.4.1', 'hypercorn==0.18.0', 'grpcio==1.85.1'],
]
let known: string | undefined

/** @returns its `python`. Throws with what is missing. */
export function python(): string {
  known ??= venv()
  return known
}

function venv(): string {
  const folder = join(CACHE, `venv-${createHash('sha256').update(PACKAGES.join(' ')).digest('hex').slice(0, 12)}`)
  const program = join(folder, 'bin/python')
  const whole = join(folder, '.whole')
  if (existsSync(whole)) return program
  rmSync(folder, { recursive: true, force: true })
  const run = (command: string, args: string[]): void => {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  run('python3', ['-m', 'venv', folder])
  run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES])
  writeFileSync(whole, '')
  return program
}
