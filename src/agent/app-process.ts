/** The app's own process, seen through the PID namespace that the agent shares with it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { readEnvironment } from './process-memory.ts'

export interface AppProcess {
  env: Record<string, string>
  cwd: string
}

/**
 * Reads what the app was started with. Needs the right to trace it (CAP_SYS_PTRACE). Throws when there is no other
 * process or it may not be read.
 */
export function readAppProcess(): AppProcess {
  const pid = appPid()
  const env: Record<string, string> = {}
  for (const pair of readEnvironment(pid).toString().split('\0')) {
    const at = pair.indexOf('=')
    if (at > 0) env[pair.slice(0, at)] = pair.slice(at + 1)
  }
  return { env, cwd: readlinkSync(`/proc/${pid}/cwd`) }
}

/**
 * The first process of the namespace that is of another container: the app's own, whose namespace the agent shares. Where
 * the whole pod shares one, its first process is the pod's placeholder, and the oldest other one is taken.
 */
export function appPid(): number {
  const others = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && !isPlaceholder(pid))
    .sort((a, b) => a - b)
  const own = read('self', 'cgroup')
  const found = others.find((pid) => read(pid, 'cgroup') !== own) ?? others[0]
  if (found === undefined) throw new Error('the app has no process that can be seen')
  return found
}

/** True too for what has ended and waits to be reaped. */
function isPlaceholder(pid: number): boolean {
  const status = read(pid, 'status') ?? ''
  return !/^State:\s*[^ZX\s]/m.test(status) || /^Name:\s*pause$/m.test(status)
}

function read(pid: number | 'self', file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
