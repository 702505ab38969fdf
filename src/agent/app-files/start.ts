/**
 * Starts what waits, with privileges and in almost no memory, for questions about the app's files: a shell that runs the helper once for each line. It
 * ends when the agent does, because its input does.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** Descriptors that carry it into a process without privileges. */
export interface PreparedFiles {
  questions: number
  answers: number
}

const SCRIPT = `while read -r id question; do "$@" "$question" || echo "{\\"id\\":$id,\\"problem\\":\\"the helper failed\\"}"; done`

/** @param argv Node's own arguments and the program. Rejects when there is no shell. */
export async function prepareFiles(argv: readonly string[], env: Record<string, string>): Promise<PreparedFiles> {
  const { stdin, stdout } = await startShell(argv, env)
  return { questions: descriptor(stdin), answers: descriptor(stdout) }
}

/** The shell itself. */
export async function startShell(
  argv: readonly string[],
  env: Record<string, string>,
): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const child = spawn('sh', ['-c', SCRIPT, 'sh', process.execPath, ...argv, 'agent', '--files'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...env },
  })
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  return child
}

/** Node shows a pipe's descriptor nowhere else. */
function descriptor(of: object): number {
  const { _handle: handle } = of as { _handle: { fd: number } }
  return handle.fd
}
