/** Waits for what comes by itself. */
import { setTimeout as delay } from 'node:timers/promises'

/** Asks again and again, every 100 ms, until `check` says true or something. Its last error survives. */
export async function until<T>(what: string, limitMs: number, check: () => Promise<T | false | undefined>): Promise<T> {
  const endsAt = Date.now() + limitMs
  let last: unknown
  for (;;) {
    try {
      const result = await check()
      if (result !== false && result !== undefined) return result
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > endsAt) throw new Error(`not within ${limitMs} ms: ${what}`, { cause: last })
    await delay(100)
  }
}
