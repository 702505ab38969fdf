/** Where Remocal keeps what it must remember on a laptop: sockets, logs, journals. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** `$REMOCAL_HOME`, else `$XDG_STATE_HOME/remocal`, else `~/.local/state/remocal`; always absolute. It may not exist yet. */
export function stateFolder(env: Record<string, string | undefined>): string {
  const { REMOCAL_HOME: own, XDG_STATE_HOME: state, HOME: home } = env
  if (own !== undefined && own !== '') return resolve(own)
  if (state !== undefined && state !== '') return resolve(state, 'remocal')
  return join(home !== undefined && home !== '' ? home : homedir(), '.local/state/remocal')
}
