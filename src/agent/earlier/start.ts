/**
 * Starts what waits, with privileges and in almost no memory, for the wish to end connections: a shell that runs the helper once for each line `start`.
 * The helper reads what follows from the same pipe. Both end when the agent does, because their input does.
 */
import { descriptorOf, startWaitingShell, type WaitingShell } from '../waiting-shell.ts'

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
  return { orders: descriptorOf(stdin), news: descriptorOf(stdout) }
}

/** The shell itself. */
export function startReopeningShell(argv: readonly string[], env: Record<string, string>): Promise<WaitingShell> {
  return startWaitingShell(SCRIPT, argv, env)
}
