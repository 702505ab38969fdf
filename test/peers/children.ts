/** Processes that end with this one: who is ended by a signal tells its children nothing. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

const children = new Map<ChildProcess, NodeJS.Signals>()
let isWatching = false
let isEnding = false

/** @param by which signal it is ended; those that have children of their own may want to be asked */
export function endsWithUs(child: ChildProcess, by: NodeJS.Signals = 'SIGKILL'): void {
  children.set(child, by)
  child.once('exit', () => children.delete(child))
  child.once('error', () => children.delete(child))
  if (isEnding) child.kill(by)
  watch()
}

function watch(): void {
  if (isWatching) return
  isWatching = true
  process.on('exit', () => {
    for (const [child, by] of children) child.kill(by)
  })
  for (const signal of SIGNALS) process.on(signal, () => void end(signal))
}

/** Waits for them, since what they leave is taken away when they have ended; then ends as the signal would have. */
async function end(signal: NodeJS.Signals): Promise<void> {
  if (isEnding) return
  isEnding = true
  for (const [child, by] of children) child.kill(by)
  for (const [child] of children) await once(child, 'exit').catch(() => {})
  for (const one of SIGNALS) process.removeAllListeners(one)
  process.kill(process.pid, signal)
}
