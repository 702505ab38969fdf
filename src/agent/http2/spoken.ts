/** What targets were found to speak, so that each connection need not find out anew. */
import type { Clock } from '../../lib/clock.ts'
import type { Routing } from '../routing.ts'

/** What a target speaks and nothing else. A guess: who does not believe it is told so again. */
export type Spoken = 'http1' | 'http2'

interface Found {
  speaks: Spoken
  /** When. */
  atMs: number
}

/** An app or a program may be another one soon. */
const KNOWN_MS = 30_000
/** By port and target. */
const known = new WeakMap<Routing, Map<string, Found>>()

/** A target answered one protocol by another. */
export function noteSpoken(routing: Routing, clock: Clock, port: number, target: string, speaks: Spoken): void {
  let found = known.get(routing)
  if (found === undefined) {
    found = new Map()
    known.set(routing, found)
  }
  const atMs = clock.now()
  // Laptops come and go.
  for (const [key, one] of found) if (atMs - one.atMs > KNOWN_MS) found.delete(key)
  found.set(`${port} ${target}`, { speaks, atMs })
}

/** @returns undefined when it was not found out lately */
export function spokenBy(routing: Routing, clock: Clock, port: number, target: string): Spoken | undefined {
  const one = known.get(routing)?.get(`${port} ${target}`)
  return one !== undefined && clock.now() - one.atMs <= KNOWN_MS ? one.speaks : undefined
}
