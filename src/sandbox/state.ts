/** The sandbox's folder: what outlives a command. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stateFolder } from '../lib/state-folder.ts'

export interface SandboxPaths {
  folder: string
  /** Pid of the process whose end is the sandbox's end. */
  pid: string
  kubeconfig: string
  images: string
  log: string
  /** Logs and volumes of pods. */
  pods: string
}

export function sandboxPaths(env: Record<string, string | undefined>): SandboxPaths {
  const folder = join(stateFolder(env), 'sandbox')
  return {
    folder,
    pid: join(folder, 'pid'),
    kubeconfig: join(folder, 'kubeconfig'),
    images: join(folder, 'images.json'),
    log: join(folder, 'sandbox.log'),
    pods: join(folder, 'pods'),
  }
}

/** A process for ever: pid and the tick at which it began (proc_pid_stat(5), field 22). */
export interface ProcessMark {
  pid: number
  startedAt: string
}

const STATE = 0
const THREADS = 17
const STARTED = 19

export function markOf(pid: number): ProcessMark | undefined {
  const startedAt = statOf(pid)?.[STARTED]
  return startedAt === undefined ? undefined : { pid, startedAt }
}

/** The sandbox that the folder speaks of, if it still runs. */
export function runningSandbox({ pid }: SandboxPaths): ProcessMark | undefined {
  let mark: ProcessMark
  try {
    mark = JSON.parse(readFileSync(pid, 'utf8')) as ProcessMark
  } catch {
    return undefined
  }
  return isRunning(mark) ? mark : undefined
}

/** A process that has ended but was not waited for runs no more. */
export function isRunning({ pid, startedAt }: ProcessMark): boolean {
  const fields = statOf(pid)
  if (fields === undefined || fields[STARTED] !== startedAt) return false
  // The first thread may be gone while another one still brings the namespace to its end.
  return fields[STATE] !== 'Z' || Number(fields[THREADS]) > 1
}

export function childrenOf(pid: number): ProcessMark[] {
  try {
    const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return pids.flatMap((one) => markOf(Number(one)) ?? [])
  } catch {
    return []
  }
}

/** What follows the name in `/proc/<pid>/stat`. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
