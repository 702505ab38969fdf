/**
 * Starts what waits, with privileges and in almost no memory, for the wish to end connections: a shell that runs the helper once for each line `start`.
 * The helper reads what follows from the same pipe. Both end when the agent does, because their input does.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** Descriptors that carry it into a process without privileges. */
export interface PreparedReopening {
  orders: number
  news: number
}

/** Lines that a run has not read, because it failed, begin none. */
const SCRIPT = `while read -r word; do [ "$word" = start ] && { "$@"; echo '{"over":true}'; }; done`

/**
 * @param argv Node's own arguments and the program
 * @param table the agent's nft table
 * Rejects when there is no shell.
 */
export async function prepareReopening(
  argv: readonly string[],
  env: Record<string, string>,
  table: string,
): Promise<PreparedReopening> {
  const { stdin, stdout } = await startReopeningShell([...argv, 'agent', '--reopen', table], env)
  return { orders: descriptor(stdin), news: descriptor(stdout) }
}

/** The shell itself. */
export async function startReopeningShell(
  argv: readonly string[],
  env: Record<string, string>,
): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const child = spawn('sh', ['-c', SCRIPT, 'sh', process.execPath, ...argv], {
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
