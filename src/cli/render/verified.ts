/** Where a mark went: the chain as it was seen, and what is wrong with it. */
import type { VerifyBlind, VerifyCaller, VerifyDrop, VerifyHop, VerifyResult } from '../../lib/daemon-api.ts'
import { table } from './table.ts'

export function verifiedText(result: VerifyResult): string {
  const { url, method, status, unanswered, hops, notes, unwatched, tookMs } = result
  const answer = status === undefined ? `was not answered: ${unanswered}` : `was answered with ${status}`
  const lines = [
    `${method} ${url} ${answer} (${(tookMs / 1000).toFixed(1)} s)\n`,
    hops.length === 0 ? '' : `\n${table([['THE MARK CAME TO', 'POD', 'FROM', 'REQUEST', 'IN'], ...hops.map(rowOf)])}`,
    `\n${verdictText(result)}`,
    ...notes.map((note) => `note: ${note}\n`),
    ...unwatched.map(({ workload, why }) => `not watched: ${workload}: ${why}\n`),
  ]
  return lines.join('')
}

/** Deeper hops are further in. */
function rowOf(hop: VerifyHop, _index: number, hops: VerifyHop[]): string[] {
  let depth = 0
  for (let at = hop.after; at !== undefined; at = hops[at]?.after) depth++
  const { workload, pod, from, method, path, marks, after } = hop
  const caller = after === undefined && from.pod === undefined ? `you (${from.ip})` : nameOf(from)
  return [`${'  '.repeat(depth)}${workload}`, pod, caller, `${method} ${path}`, marks.join(', ')]
}

function verdictText({ verdict, hops, drops, unreached, blind, watched }: VerifyResult): string {
  switch (verdict) {
    case 'arrived':
      return `The mark travels: ${count(new Set(hops.map(({ workload }) => workload)).size, 'service')} got it, and none that had it asked another one without.\n`
    case 'dropped':
      return drops.map(dropText).join('')
    case 'unreached':
      return `The mark did not come to ${unreached.join(', ')}, and nobody that had it was seen to ask there without it: another service between, or none asks there for this request.\n`
    case 'unclear': {
      return `The mark was not seen to be dropped, but not all was seen: ${blindText(blind)}\n`
    }
    case 'unseen':
      return `None of ${watched.map(({ workload }) => workload).join(', ')} got the mark: what answered is not watched, or dropped it on the way.\n`
  }
}

function blindText(blind: VerifyBlind[]): string {
  const pairs = (reason: VerifyBlind['why']): string =>
    blind
      .filter(({ why }) => why === reason)
      .map(({ by, to }) => (by === undefined ? `to ${to}` : `from ${by} to ${to}`))
      .join(', ')
  const [older, tls] = [pairs('older'), pairs('tls')]
  const closed = tls === '' ? '' : `nobody looks into the TLS ${tls}`
  if (older === '') return `${closed}.`
  const long = `connections are older than this watch ${older}`
  return `${long}${closed && `; ${closed}`}. Try again when they have ended, or say with --through where the mark must come.`
}

function dropText({ by, workload, pod, method, path, sure }: VerifyDrop, index: number): string {
  const how = sure ? 'drops the mark' : 'likely drops the mark (it had other requests too)'
  const which = index === 0 ? '' : 'Also '
  return `${which}${nameOf(by)} ${how}: ${workload} got ${method} ${path} from it without (pod ${pod}).\n`
}

function nameOf({ ip, pod, workload }: VerifyCaller): string {
  return workload ?? (pod === undefined ? ip : `pod/${pod}`)
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
