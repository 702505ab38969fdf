/** A server program in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endsWithUs } from './children.ts'
import { freePort, reachable } from './port.ts'

export interface Started {
  port: number
  pid: number
  close(): Promise<void>
}

export interface Program {
  command: string
  args: string[]
  env?: Record<string, string>
}

/**
 * Starts a program that listens on a port it is told, and waits until it does. Rejects with what it said when it ends before.
 * @param program made for a port and a folder of its own, which goes with it
 */
export async function started(program: (port: number, folder: string) => Program): Promise<Started> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'remocal-http1-'))
  const { command, args, env } = program(port, folder)
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endsWithUs(child)
  const said = tail(child)
  const over = once(child, 'exit')
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const ended = over.then(() => Promise.reject(new Error(`${command} ended: ${said()}`)))
  try {
    await Promise.race([reachable(port), ended])
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`${(error as Error).message}; ${command} said: ${said()}`)
  } finally {
    ended.catch(() => {})
  }
  return {
    port,
    pid: child.pid ?? 0,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await over
    },
  }
}

/** The last that a process printed. */
function tail(child: ChildProcess): () => string {
  let text = ''
  const more = (bytes: Buffer): void => {
    text = (text + bytes.toString()).slice(-2000)
  }
  child.stdout?.on('data', more)
  child.stderr?.on('data', more)
  return () => text
}
