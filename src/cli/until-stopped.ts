/** Ctrl-C and what else ends a command in the foreground. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Resolves at the first signal; `off` stops listening, and the next one ends the process. */
export function untilStopped(): { stopped: Promise<void>; off(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = (): void => resolve()
  for (const signal of SIGNALS) process.on(signal, stop)
  const off = (): void => {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
  return { stopped: promise, off }
}
