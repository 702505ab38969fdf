/** What targets were found to speak, so that each connection need not find out anew. */
import type { Clock } from '../../lib/clock.ts'
import type { Routing } from '../routing.ts'

/** An app or a program may be another one soon. */
const KNOWN_MS = 30_000
/** When it was found out, by port and target. */
const known = new WeakMap<Routing, Map<string, number>>()

/** A target answered HTTP/2's preface by something else. */
export function noteHttp1(routing: Routing, clock: Clock, port: number, target: string): void {
  let found = known.get(routing)
  if (found === undefined) {
    found = new Map()
    known.set(routing, found)
  }
  const now = clock.now()
  // Laptops come and go.
  for (const [key, at] of found) if (now - at > KNOWN_MS) found.delete(key)
  found.set(`${port} ${target}`, now)
}

export function speaksHttp1(routing: Routing, clock: Clock, port: number, target: string): boolean {
  const at = known.get(routing)?.get(`${port} ${target}`)
  return at !== undefined && clock.now() - at <= KNOWN_MS
}
