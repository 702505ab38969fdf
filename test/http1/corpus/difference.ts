/** Where two runs of the same cases differ, byte by byte. */
import type { Recorded } from '../relay.ts'

export interface Run {
  /** What the client said. */
  said: string
  /** Connections as the client saw them, and as the server did. */
  client: Recorded[]
  server: Recorded[]
}

/** What is new each time, whoever answers. */
const TIMES = /^(date: ).*$/gim
const KEYS = /^(sec-websocket-(?:key|accept): ).*$/gim
const AROUND = 60

/** @returns a sentence; undefined when there is no difference */
export function difference(direct: Run, through: Run): string | undefined {
  if (plain(direct.said) !== plain(through.said))
    return `the client says ${between(plain(direct.said), plain(through.said))}`
  for (const [who, of] of [
    ['the client', (run: Run) => run.client],
    ['the server', (run: Run) => run.server],
  ] as const) {
    for (const what of ['sent', 'answered'] as const) {
      const [one, other] = [direct, through].map((run) => texts(of(run), what)) as [string[], string[]]
      if (one.length !== other.length) return `${who} has ${other.length} connections instead of ${one.length}`
      for (const [at, text] of one.entries()) {
        if (text !== other[at]) return `${who}, ${what} on connection ${at}: ${between(text, other[at] ?? '')}`
      }
    }
  }
  return undefined
}

/** One text for each connection; in order of the texts, for connections at once come in any order. */
function texts(records: Recorded[], what: 'sent' | 'answered'): string[] {
  return records
    .filter(({ sent, answered }) => sent.length + answered.length > 0)
    .map((record) => plain(record[what].toString('latin1')))
    .sort()
}

const plain = (text: string): string => text.replace(TIMES, '$1').replace(KEYS, '$1')

function between(direct: string, through: string): string {
  let at = 0
  while (at < direct.length && direct[at] === through[at]) at++
  const part = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - AROUND), at + AROUND))
  return `at byte ${at} (of ${direct.length} and ${through.length}) directly ${part(direct)}, through the agent ${part(through)}`
}
