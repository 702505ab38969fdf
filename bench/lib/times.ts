/** Runs something several times, and waits for what processes print. */
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'

const RUNS = 5

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** What `work` gives, five times, one after the other. */
export async function times(work: (index: number) => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let index = 0; index < RUNS; index++) values.push(await work(index))
  return values
}

/** Whether there is a kubectl to compare with. */
export function hasKubectl(): boolean {
  return spawnSync('kubectl', ['version', '--client']).status === 0
}

/** The first match in what a process prints; rejects when it ends before. */
export async function printed(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
  let text = ''
  const look = (bytes: Buffer): void => {
    text = (text + bytes.toString()).slice(-4000)
    const match = pattern.exec(text)
    if (match !== null) resolve(match)
  }
  const end = (): void => reject(new Error(`${child.spawnargs.join(' ')} ended before it printed ${pattern}: ${text}`))
  child.stdout?.on('data', look)
  child.once('exit', end)
  try {
    return await promise
  } finally {
    child.stdout?.off('data', look)
    child.off('exit', end)
  }
}

/** Ends a process that was started here. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}
