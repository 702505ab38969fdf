/** Where two runs of the same cases differ, byte by byte. */
import type { Recorded } from '../../peers/relay.ts'
import { between, type Run } from '../../peers/run.ts'

/** What is new each time, whoever answers. */
const TIMES = /^(date: ).*$/gim
const KEYS = /^(sec-websocket-(?:key|accept): ).*$/gim

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
