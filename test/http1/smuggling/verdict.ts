/** Whether the agent and a server took the same bytes for the same requests. */
import { type Answered, isOwn, seen } from './exchange.ts'
import type { Row } from './row.ts'

export interface Runs {
  /** What the agent read, in order. */
  decided: string[]
  /** How many of these are no part of the row. */
  before: number
  /** The agent counted one as refused. */
  refused: boolean
  through: Answered
  direct: Answered
}

/** @returns what is wrong, or undefined */
export function disagreement({ expect, unread }: Row, runs: Runs): string | undefined {
  const { decided, before, through, direct } = runs
  const [saw, sawDirectly] = [seen(through.text), seen(direct.text)]
  // A head that never becomes whole is not answered, and nobody gets it.
  const refused = runs.refused || decided.length === before
  const isUnread = decided.at(-1) === 'whole'
  if (before === 0 && isUnread !== (unread !== undefined)) return `it was ${isUnread ? 'not ' : ''}read`
  // Nothing was decided by what was read of it: it all went to one place. There it must be no request, or one that hides none.
  if (isUnread)
    return saw.includes('GET /hidden') ? `the server read ${show(saw)} in what the agent did not read` : undefined
  const differs = (list: string[]): boolean => list.slice(0, decided.length).some((one, at) => one !== decided[at])
  if (differs(saw) || saw.length > decided.length) return `the agent read ${show(decided)}, the server ${show(saw)}`
  if (decided.length > saw.length + 1) return `the agent read ${show(decided)}, the server only ${show(saw)}`
  if (decided.length > saw.length && sawDirectly.length > saw.length && !refused) {
    return `the server answered ${show(saw)}, and ${show(sawDirectly)} when asked directly`
  }
  if (differs(sawDirectly)) return `the agent read ${show(decided)}, the server directly ${show(sawDirectly)}`
  if (sawDirectly.length > decided.length && !refused) {
    return `the server sees ${show(sawDirectly)} where the agent sees ${show(decided)}`
  }
  if (expect === 'refused' && !refused) return `it was not refused, the agent read ${show(decided)}`
  if (expect === 'framed' && refused) return `it was refused: ${statuses(through.text)}`
  return undefined
}

/** What the agent did, for the table. */
export function ofAgent({ decided, before, refused, through }: Runs): string {
  if (decided.at(-1) === 'whole') return 'unread'
  if (decided.length === before && !isOwn(through.text)) return 'waits'
  if (isOwn(through.text)) return `refused ${/x-remocal-error/.test(through.text) ? ownStatus(through.text) : ''}`
  return refused ? 'cut off' : `framed ${decided.length - before}`
}

/** What a server did when it was asked directly: how many requests it answered, and what it said against others. */
export function ofServer({ direct }: Runs): string {
  const count = seen(direct.text).length
  const others = statuses(direct.text).filter((status) => !['200', '100'].includes(status))
  return [...(count > 0 || others.length === 0 ? [String(count)] : []), ...others].join('+')
}

function statuses(text: string): string[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status = '']) => status)
}

const ownStatus = (text: string): string => statuses(text.slice(0, text.indexOf('x-remocal-error'))).at(-1) ?? ''

const show = (list: string[]): string => (list.length === 0 ? 'nothing' : list.join(', '))
