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

/** The first process of the namespace, unless that is the pod's own placeholder: then the oldest other one that is not ours. */
function appPid(): number {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
  const found = pids.find((pid) => pid !== process.pid && !isPlaceholder(pid))
  if (found === undefined) throw new Error('the app has no process that can be seen')
  return found
}

function isPlaceholder(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'pause'
  } catch {
    return true
  }
}
