/** Runs `bin/remocal` as a user does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename, resolve } from 'node:path'

export const REMOCAL: string = resolve(import.meta.dirname, '../../bin/remocal')

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  env?: Record<string, string>
  cwd?: string
  /** Kills the command when it takes longer; the result then has code null. Default 60 s. */
  limitMs?: number
}

/** Runs a command to its end. Never throws for its exit code. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.limitMs ?? 60_000,
    killSignal: 'SIGKILL',
  })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    ran.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    ran.stderr += text
  })
  await once(child, 'close')
  ran.code = child.exitCode
  return ran
}

/** `remocal ARGS`. */
export function remocal(args: string[], options: RunOptions = {}): Promise<Ran> {
  return run(REMOCAL, args, options)
}

/** `remocal ARGS -o json`, which has to succeed; its one JSON document. */
export async function remocalJson<T>(args: string[], options: RunOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await remocal([...args, '-o', 'json'], options)
  if (code !== 0) throw new Error(`remocal ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
  return JSON.parse(stdout) as T
}

/** A command that stays. */
export interface Running {
  child: ChildProcess
  /** What it printed so far, both streams. */
  output: () => string
  /** Waits until `pattern` was printed; rejects when the command ends before. */
  printed(pattern: RegExp, limitMs?: number): Promise<RegExpMatchArray>
  /** Sends `signal` and waits for the end. @returns the exit code */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts `remocal ARGS` and leaves it running. */
export function start(args: string[], options: RunOptions = {}): Running {
  return startCommand(REMOCAL, args, options)
}

/** Starts a command and leaves it running. */
export function startCommand(command: string, args: string[], options: RunOptions = {}): Running {
  const what = [basename(command), ...args].join(' ')
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const closed = once(child, 'close')
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      child.emit('printed')
    })
  }
  return {
    child,
    output: () => output,
    async printed(pattern, limitMs = 30_000) {
      const limit = AbortSignal.timeout(limitMs)
      for (;;) {
        const match = output.match(pattern)
        if (match !== null) return match
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`${what} ended before it printed ${pattern}:\n${output}`)
        }
        const next = new AbortController()
        const either = AbortSignal.any([limit, next.signal])
        try {
          await Promise.race([once(child, 'printed', { signal: either }), closed])
        } catch {
          throw new Error(`${what} did not print ${pattern} within ${limitMs} ms:\n${output}`)
        } finally {
          next.abort()
        }
      }
    },
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await closed
      return child.exitCode
    },
  }
}
