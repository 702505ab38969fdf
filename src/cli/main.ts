/** The one entry point. Loads only what the command needs; the roles are loaded here and nowhere else. */
import { basename } from 'node:path'
import { VERSION } from '../lib/version.ts'
import type { Io } from './io.ts'

/** Commands that start another role of this program: hidden, and given their arguments as they are. */
const ROLES: Record<string, (argv: string[]) => Promise<unknown>> = {
  daemon: async () => (await import('../daemon/main.ts')).daemonMain(import.meta.filename),
  runner: async () => (await import('../runner/main.ts')).runnerMain(),
  manager: async (argv) => (await import('../manager/main.ts')).managerMain(argv),
  'sandbox-process': async () => (await import('../sandbox/main.ts')).sandboxMain(),
  agent: async (argv) => (await import('../agent/main.ts')).agentMain(argv),
}

/**
 * Runs one command line.
 * @param argv what stands after `remocal`
 * @returns the exit code
 */
export async function main(argv: string[], io: Io): Promise<number> {
  const [name] = argv
  if (name === '--version' || name === '-V') {
    io.stdout(`${VERSION}\n`)
    return 0
  }
  const role = name === undefined ? undefined : ROLES[name]
  if (role !== undefined) return ((await role(argv.slice(1))) as number | undefined) ?? 0
  const { execute } = await import('./execute.ts')
  return execute(argv, io)
}

if (import.meta.main || basename(process.argv[1] ?? '') === 'remocal.mjs') {
  const { processIo } = await import('./process-io.ts')
  // Timers of a clock do not keep a process alive; a command that waits for one must not end by itself.
  const alive = setInterval(() => {}, 2 ** 30)
  process.exitCode = await main(process.argv.slice(2), processIo(import.meta.filename))
  clearInterval(alive)
}
