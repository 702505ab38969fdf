/** What flows cost that do nothing. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { end, printed } from '../lib/times.ts'
import { startProgram } from './tunnel.ts'

const FLOWS = 5000
/** After work, a process has become small after this time. */
const SMALL_MS = 8000

/** MB by which the end that grows more has grown with so many idle flows, after it had had some. */
export async function idleFlows(): Promise<number> {
  const far = await startProgram('idle.ts', 'far')
  const near = await startProgram('idle.ts', 'near', String(far.port))
  try {
    const open = async (count: number, all: number): Promise<{ near: number; far: number }> => {
      const opened = printed(near.child, new RegExp(`open ${all}\n`))
      near.child.stdin?.write(`${count}\n`)
      await opened
      await delay(SMALL_MS)
      return { near: residentOf(near.child.pid), far: residentOf(far.child.pid) }
    }
    const before = await open(10, 10)
    const after = await open(FLOWS, FLOWS + 10)
    return Math.max(after.near - before.near, after.far - before.far)
  } finally {
    await Promise.all([end(near.child), end(far.child)])
  }
}

/** MB (proc_pid_status(5)). */
function residentOf(pid = 0): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6
}
