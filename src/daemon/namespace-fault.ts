/** Why a program's namespaces could not be made, with the one setting that forbids them. */
import { readFileSync } from 'node:fs'
import { fault } from '../diagnose/catalogue.ts'
import type { Fault } from '../lib/fault.ts'

/** Settings that forbid user namespaces: file, the value that forbids, what to set. */
const SETTINGS = [
  { path: 'user/max_user_namespaces', forbids: '0', allow: 'user.max_user_namespaces=15000' },
  { path: 'kernel/unprivileged_userns_clone', forbids: '0', allow: 'kernel.unprivileged_userns_clone=1' },
  {
    path: 'kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    allow: 'kernel.apparmor_restrict_unprivileged_userns=0',
  },
]

/**
 * @param said what `unshare` or the runner said
 * @param setting reads a file below /proc/sys; undefined when it does not exist
 */
export function namespaceFault(said: string, cause?: unknown, setting = readSetting): Fault {
  if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    return fault('RC-L-105', 'Cannot make a network for the program: "unshare" is not installed.', [
      'sudo apt install util-linux',
    ])
  }
  const why = said.trim().split('\n').at(-1) ?? ''
  if (!/not permitted|permission denied|no space left/i.test(why)) {
    const reason =
      why === ''
        ? 'its helper ended at once'
        : why.replace(/^Cannot make a network for the program: /, '').replace(/\.$/, '')
    return fault('RC-L-106', `Cannot make a network for the program: ${reason}.`, [], cause)
  }
  const found = SETTINGS.find(({ path, forbids }) => setting(path) === forbids)
  if (found !== undefined) {
    const name = found.path.replace('/', '.')
    const sentence = `Cannot make a network for the program: user namespaces are forbidden on this machine (${name}=${found.forbids}).`
    return fault('RC-L-104', sentence, [`sudo sysctl ${found.allow}`], cause)
  }
  const sentence = `Cannot make a network for the program: user namespaces are forbidden here (${why}).`
  return fault(
    'RC-L-104',
    sentence,
    ['allow user namespaces where this runs (in a container: --security-opt seccomp=unconfined)'],
    cause,
  )
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim()
  } catch {
    return undefined
  }
}
