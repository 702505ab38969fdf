/** Several ways to the same thing, begun a little apart; the first that succeeds ends the others (as RFC 8305 §5 does). */
import type { Clock, Timer } from '../lib/clock.ts'

export interface RaceOptions<T> {
  clock: Clock
  signal: AbortSignal
  /** How long the next way waits for the one before; one that fails makes room at once. */
  apartMs: number
  /** Takes what succeeded too late. */
  discard(value: T): void
}

/** Rejects with the last failure when all ways have failed; a way rejects soon after its signal is aborted. */
export function race<T>(ways: ((signal: AbortSignal) => Promise<T>)[], options: RaceOptions<T>): Promise<T> {
  const { clock, signal, apartMs, discard } = options
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const end = new AbortController()
  const either = AbortSignal.any([signal, end.signal])
  let begun = 0
  let running = 0
  let over = false
  let timer: Timer | undefined

  const finish = (tell: () => void): void => {
    over = true
    timer?.cancel()
    end.abort(new Error('another way was faster'))
    tell()
  }
  const begin = (): void => {
    timer?.cancel()
    const way = ways[begun]
    if (way === undefined || over) return
    begun++
    running++
    way(either).then(
      (value) => {
        if (over) discard(value)
        else finish(() => resolve(value))
      },
      (error: unknown) => {
        running--
        if (over) return
        if (running === 0 && (begun === ways.length || signal.aborted)) finish(() => reject(error as Error))
        else if (!signal.aborted) begin()
      },
    )
    if (begun < ways.length) timer = clock.after(apartMs, begin)
  }

  if (ways.length === 0) reject(new Error('there is no way'))
  begin()
  return promise
}
