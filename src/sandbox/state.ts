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

export function markOf(pid: number): ProcessMark | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return { pid, startedAt: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' }
  } catch {
    return undefined
  }
}

/** The sandbox that the folder speaks of, if it still runs. */
export function runningSandbox({ pid }: SandboxPaths): ProcessMark | undefined {
  let mark: ProcessMark
  try {
    mark = JSON.parse(readFileSync(pid, 'utf8')) as ProcessMark
  } catch {
    return undefined
  }
  return markOf(mark.pid)?.startedAt === mark.startedAt ? mark : undefined
}
