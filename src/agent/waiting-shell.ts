/** A shell that waits, with privileges and in almost no memory, for lines that tell it to run a program. It ends when its input does. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

export type WaitingShell = ChildProcessByStdio<Writable, Readable, null>

/**
 * @param script has the program as `"$@"`
 * @param argv Node's own arguments and the program
 * Rejects when there is no shell.
 */
export async function startWaitingShell(
  script: string,
  argv: readonly string[],
  env: Record<string, string>,
): Promise<WaitingShell> {
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env },
  })
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  return child
}

/** Of a pipe; Node shows it nowhere else. */
export function descriptorOf(pipe: object): number {
  const { _handle: handle } = pipe as { _handle: { fd: number } }
  return handle.fd
}
