/** What a process has cost. */
import { readFileSync } from 'node:fs'

/** USER_HZ, which is 100 wherever Linux runs Node. */
const TICKS = 100

/** User and system time of a process, in seconds (proc_pid_stat(5)). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}
