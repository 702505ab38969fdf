/** Where two runs of the same cases differ, byte by byte. */
import type { Recorded } from '../../peers/relay.ts'
import { between, type Run } from '../../peers/run.ts'

/** What is new each time, whoever answers: without their values. */
const NEW_EACH_TIME = /^(?:date|sec-websocket-(?:key|accept)): /i
const LONGEST_NAME = 'sec-websocket-accept: '.length
const LINE_END = 10

/** @returns a sentence; undefined when there is no difference */
export function difference(direct: Run, through: Run): string | undefined {
  const [said, saidThrough] = [direct.said, through.said].map((text) => plain(Buffer.from(text)).toString())
  if (said !== saidThrough) return `the client says ${between(said ?? '', saidThrough ?? '')}`
  for (const [who, of] of [
    ['the client', (run: Run) => run.client],
    ['the server', (run: Run) => run.server],
  ] as const) {
    for (const what of ['sent', 'answered'] as const) {
      const [one, other] = [direct, through].map((run) => records(of(run), what)) as [Buffer[], Buffer[]]
      if (one.length !== other.length) return `${who} has ${other.length} connections instead of ${one.length}`
      for (const [at, bytes] of one.entries()) {
        const through = other[at] ?? Buffer.alloc(0)
        if (!bytes.equals(through))
          return `${who}, ${what} on connection ${at}: ${between(bytes.toString('latin1'), through.toString('latin1'))}`
      }
    }
  }
  return undefined
}

/** What was said on each connection; in order of the octets, for connections at once come in any order. */
function records(all: Recorded[], what: 'sent' | 'answered'): Buffer[] {
  return all
    .filter(({ sent, answered }) => sent.length + answered.length > 0)
    .map((record) => plain(record[what]))
    .sort(Buffer.compare)
}

/** Without what is new each time. Line by line: bodies are large, and hardly have any. */
function plain(bytes: Buffer): Buffer {
  const kept: Buffer[] = []
  let from = 0
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(LINE_END, at)
    const name = NEW_EACH_TIME.exec(bytes.toString('latin1', at, at + LONGEST_NAME))?.[0]
    if (name !== undefined) {
      kept.push(bytes.subarray(from, at + name.length))
      from = end < 0 ? bytes.length : end
    }
    at = end < 0 ? bytes.length : end + 1
  }
  if (kept.length === 0) return bytes
  return Buffer.concat([...kept, bytes.subarray(from)])
}
