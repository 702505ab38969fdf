/** The agent reads nobody's bytes before it knows that it has no privileges. */
import { readdirSync, readFileSync } from 'node:fs'

/** Throws when any thread of this process has a capability, or may get one. */
export function proveUnprivileged(): void {
  for (const thread of readdirSync('/proc/self/task')) {
    const status = statusOf(thread)
    if (status === undefined) continue
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
      const hex = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1]
      if (hex === undefined || BigInt(`0x${hex}`) !== 0n) throw new Error(`${set} of thread ${thread} is ${hex}`)
    }
    if (!/^NoNewPrivs:\s*1$/m.test(status)) throw new Error(`thread ${thread} may get privileges`)
  }
}

/** Undefined for a thread that has ended since it was listed. */
function statusOf(thread: string): string | undefined {
  try {
    return readFileSync(`/proc/self/task/${thread}/status`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
