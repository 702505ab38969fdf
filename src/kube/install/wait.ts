/** Asks again and again until something is so. */
import type { Clock } from '../../lib/clock.ts'

/**
 * Calls `ask` every `everyMs` until it answers something, or for `limitMs`.
 * @returns the answer, or undefined when the time was over
 */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  {
    clock,
    limitMs,
    everyMs = 300,
    signal,
  }: { clock: Clock; limitMs: number; everyMs?: number; signal?: AbortSignal | undefined },
): Promise<T | undefined> {
  const end = clock.now() + limitMs
  for (;;) {
    signal?.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined) return answer
    if (clock.now() >= end) return undefined
    await pause(clock, everyMs, signal)
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}
