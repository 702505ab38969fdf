/** Starts the sandbox's first process in namespaces of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const KINDS = ['--mount', '--net', '--uts', '--ipc', '--pid', '--fork', '--mount-proc', '--propagation', 'private']
const OPTIONS = [...KINDS, '--kill-child=KILL']

/**
 * With a user namespace where the machine allows one: root brings all users into it, so that pods may be other users; anybody
 * else brings only himself, as root. Without one, root does as well.
 * @param log file for its output
 * @param held makes of a command line the one that is started
 * @returns the process whose end is the end of all of it
 */
export async function startInNamespaces(
  command: string[],
  log: number,
  env: Record<string, string | undefined>,
  held: (command: string[]) => string[],
): Promise<ChildProcess> {
  const start = (...args: string[]): ChildProcess => {
    const [program = '', ...rest] = held(['unshare', ...args])
    return spawn(program, rest, {
      detached: true,
      cwd: '/',
      stdio: ['pipe', log, log, 'ipc'],
      env: env as NodeJS.ProcessEnv,
    })
  }
  const all = [...OPTIONS, '--', ...command]
  if (process.getuid?.() !== 0) return start('--user', '--map-root-user', ...all)
  if (spawnSync('unshare', ['--user', 'true']).status !== 0) return start(...all)
  // Its users must be mapped from outside, and before it makes the other namespaces.
  const script = 'read -r _ && exec "$@" < /dev/null'
  const child = start('--user', 'sh', '-c', script, 'sh', 'unshare', ...all)
  await mapUsers(child)
  child.stdin?.on('error', () => {})
  child.stdin?.end('go\n')
  return child
}

/** Each user and group that we have is the same one inside (user_namespaces(7)). */
async function mapUsers({ pid }: ChildProcess): Promise<void> {
  const own = readlinkSync('/proc/self/ns/user')
  try {
    while (readlinkSync(`/proc/${pid}/ns/user`) === own) await delay(1)
    for (const kind of ['uid_map', 'gid_map']) {
      const ranges = readFileSync(`/proc/self/${kind}`, 'utf8').trim().split('\n')
      const same = ranges
        .map((line) => line.trim().split(/\s+/))
        .map(([first, , count]) => `${first} ${first} ${count}`)
      writeFileSync(`/proc/${pid}/${kind}`, `${same.join('\n')}\n`)
    }
  } catch {
    // It has ended; who waits for it says why.
  }
}
