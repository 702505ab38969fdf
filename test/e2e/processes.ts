/** Finds and kills processes of this machine, those in pods included: on a sandbox and on the kit's nodes they are all in `/proc`. */
import { readdirSync, readFileSync } from 'node:fs'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { until } from './until.ts'

export interface Process {
  pid: number
  /** Ticks since boot at which it began: with the pid it names a process for ever. */
  startedAt: string
  command: string
  environment: string
}

/** All processes whose command line matches. */
export function processes(pattern: RegExp): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = read(Number(name))
      return found !== undefined && pattern.test(found.command) ? [found] : []
    })
}

/** Those of the pods that a selector finds. */
export async function processesOfPods(
  client: KubeClient,
  labelSelector: string,
  namespace: string,
  pattern: RegExp,
): Promise<Process[]> {
  const { items } = await client.list<KubeObject>({ apiVersion: 'v1', kind: 'Pod', namespace }, { labelSelector })
  const uids = items.map(({ metadata }) => metadata.uid ?? '')
  const mine = ({ command, environment }: Process): boolean =>
    uids.some((uid) => command.includes(uid) || environment.includes(uid))
  return processes(pattern).filter(mine)
}

/** Bytes of memory that a process holds now; 0 when it has ended. */
export function residentBytes({ pid }: Process): number {
  try {
    const [, kib = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kib) * 1024
  } catch {
    return 0
  }
}

function read(pid: number): Process | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').replaceAll('\0', '\n')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    return { pid, startedAt, command, environment }
  } catch {
    return undefined
  }
}

/** Kills with SIGKILL and waits until that very process is gone. */
export async function killHard({ pid, startedAt, command }: Process): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(`${command} is gone`, 10_000, async () => read(pid)?.startedAt !== startedAt)
}
