/**
 * Starts what waits, with privileges and in almost no memory, for questions about the app's files: a shell that runs the helper once for each line. It
 * ends when the agent does, because its input does.
 */
import { descriptorOf, startWaitingShell, type WaitingShell } from '../waiting-shell.ts'

/** Descriptors that carry it into a process without privileges. */
export interface PreparedFiles {
  questions: number
  answers: number
}

const SCRIPT = `while read -r id question; do "$@" "$question" || printf '\\n%s\\n' "{\\"id\\":$id,\\"problem\\":\\"the helper failed\\"}"; done`

/** @param argv Node's own arguments and the program. Rejects when there is no shell. */
export async function prepareFiles(argv: readonly string[], env: Record<string, string>): Promise<PreparedFiles> {
  const { stdin, stdout } = await startShell(argv, env)
  return { questions: descriptorOf(stdin), answers: descriptorOf(stdout) }
}

/** The shell itself. */
export function startShell(argv: readonly string[], env: Record<string, string>): Promise<WaitingShell> {
  return startWaitingShell(SCRIPT, [...argv, 'agent', '--files'], env)
}
