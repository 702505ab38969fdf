/** Starts a program in its place: the runner's namespaces, this terminal, this folder. */
import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { constants as os } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fault } from '../diagnose/catalogue.ts'
import type { RunPlace } from '../lib/daemon-api.ts'
import { Fault } from '../lib/fault.ts'
import type { Io } from './io.ts'

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
/** A terminal sends these to the whole foreground group: forwarding would send them twice. */
const FROM_TERMINAL = new Set<string>(['SIGINT', 'SIGQUIT'])
/** Changes the folder inside the namespace, then becomes the program: a folder opened outside would lie on another mount. */
const ENTER_FOLDER = 'cd -- "$1" && shift && exec "$@"'

/**
 * Proves that the program exists before anything is attached for it.
 * Throws RC-L-107 with exit code 127 when there is no such file, 126 when it may not be executed.
 */
export function findProgram(name: string, { env, cwd }: Pick<Io, 'env' | 'cwd'>): string {
  const isPath = name.includes('/')
  const candidates = isPath
    ? [resolve(cwd, name)]
    : (env.PATH ?? '/usr/bin:/bin').split(delimiter).map((folder) => resolve(cwd, join(folder, name)))
  let exit = 127
  for (const path of candidates) {
    try {
      if (!statSync(path).isFile()) throw Object.assign(new Error(), { code: 'EACCES' })
      accessSync(path, constants.X_OK)
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') exit = 126
    }
  }
  const why =
    exit === 126 ? 'it may not be executed' : isPath ? 'there is no such file' : 'there is no such program on the PATH'
  const action = exit === 126 ? `chmod +x ${name}` : `see that this shell starts it: command -v ${name}`
  const known = fault('RC-L-107', `Cannot start "${name}": ${why}. Nothing was changed.`, [action])
  throw new Fault({ ...known.toJSON(), exit })
}

/**
 * Runs the program to its end; it dies with this process.
 * @param ended resolves when its place is gone; the program is then told to end
 * @returns its exit code, 128 + n when signal n killed it
 */
export function runProgram(place: RunPlace, program: string[], io: Io, ended: Promise<unknown>): Promise<number> {
  const enter = ['--target', String(place.pid), '--user', '--net', '--mount', '--preserve-credentials', '--']
  const start = ['setpriv', '--pdeathsig', 'TERM', '--', 'sh', '-c', ENTER_FOLDER, 'sh', io.cwd, ...program]
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', [...enter, ...start], { stdio: 'inherit', env: { ...io.env, ...place.env } })
    const forward = (signal: NodeJS.Signals): void => {
      if (!(io.terminal && FROM_TERMINAL.has(signal))) child.kill(signal)
    }
    for (const signal of FORWARDED) process.on(signal, forward)
    const settle = (call: () => void): void => {
      for (const signal of FORWARDED) process.off(signal, forward)
      call()
    }
    void ended.then(() => child.kill('SIGTERM'))
    child.once('error', (error) => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      const why = missing ? '"nsenter" is not installed' : error.message
      settle(() => reject(fault('RC-L-105', `Cannot start the program: ${why}.`, ['sudo apt install util-linux'])))
    })
    child.once('exit', (code, signal) =>
      settle(() => resolve(signal === null ? (code ?? 1) : 128 + (os.signals[signal] ?? 0))),
    )
  })
}
