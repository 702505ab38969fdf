/**
 * The end of an agent: what it started is reaped. Its helpers were started by the process that it was before execve(2), so Node does not know them; and
 * the first process of a shared pid namespace is the app, which may not reap what is not its own.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'

/** Helpers end when their input does. */
const END_MS = 1000
const LOOK_MS = 20
/**
 * A shell that waits for one child takes whatever child has ended, the oldest first (wait3(2)). There is no other way without native code, which this
 * process has none of.
 */
const REAP = '(:); exit "$1"'

/** Replaces this process by one that reaps its children and ends with `code`. @returns `code` where that cannot be done */
export async function reapAndEnd(code: number, clock: Clock): Promise<number> {
  const until = clock.now() + END_MS
  while (clock.now() < until && childrenOf().some(isRunning)) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve))
  }
  if (childrenOf().length === 0) return code
  try {
    process.execve?.('/bin/sh', ['sh', '-c', REAP, 'sh', String(code)], { ...process.env })
  } catch {
    // Without a shell they stay as they are.
  }
  return code
}

/** Pids; none where the kernel does not tell. */
function childrenOf(): string[] {
  try {
    const tasks = readdirSync('/proc/self/task')
    return tasks.flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, 'utf8')
        .split(' ')
        .filter((pid) => pid !== ''),
    )
  } catch {
    return []
  }
}

function isRunning(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
