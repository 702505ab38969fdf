/** What is compared: one run of some cases, as both ends saw it. */
import type { Recorded } from './relay.ts'

export interface Run {
  /** What the client said. */
  said: string
  /** Connections as the client saw them, and as the server did. */
  client: Recorded[]
  server: Recorded[]
}

const AROUND = 60

/** Where two texts begin to differ. */
export function between(direct: string, through: string): string {
  let at = 0
  while (at < direct.length && direct[at] === through[at]) at++
  const part = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - AROUND), at + AROUND))
  return `at byte ${at} (of ${direct.length} and ${through.length}) directly ${part(direct)}, through the agent ${part(through)}`
}
