/** The personal mark: what makes a request a person's own. */
import { createHash } from 'node:crypto'

/** The header that carries it alone, and the key of the member that carries it in `baggage` and `tracestate`. */
export const MARK_NAME = 'x-remocal'

/** A person sends one; more are a mistake or an attack. */
const MAX_MARKS = 32

/**
 * A person's mark on a cluster: the same on each of their laptops, another one on another installation.
 * @param user as Kubernetes knows them: `jane@example.com`, `system:serviceaccount:shop:bob`
 * @param installationKey the installation's public key, base64
 * @returns such as `jane-7f3a`: the first word of their name and four hexadecimal digits, fit for every header
 */
export function personalMark(user: string, installationKey: string): string {
  const own = user.toLowerCase().split('@')[0]?.split(':').at(-1) ?? ''
  const name = (/[a-z0-9]+/.exec(own)?.[0] ?? '').slice(0, 20)
  const hash = createHash('sha256').update(`${installationKey}\0${user}`).digest('hex')
  return `${name === '' ? 'user' : name}-${hash.slice(0, 4)}`
}

/** The marks that a request carries, in the order header, baggage, tracestate. Values are header values as sent, joined by commas. */
export function marksOf(headers: ReadonlyMap<string, string>): string[] {
  const marks: string[] = []
  const own = headers.get(MARK_NAME)
  if (own !== undefined) marks.push(...own.split(',').map((part) => part.trim()))
  const baggage = headers.get('baggage')
  if (baggage?.includes(MARK_NAME)) marks.push(...membersOf(baggage, true))
  const tracestate = headers.get('tracestate')
  if (tracestate?.includes(MARK_NAME)) marks.push(...membersOf(tracestate, false))
  return marks.filter((mark) => mark !== '').slice(0, MAX_MARKS)
}

/** Values of our members in a list `key=value;property,…` (W3C Baggage §3.1, W3C Trace Context §3.3). */
function membersOf(list: string, properties: boolean): string[] {
  return list.split(',').flatMap((member) => {
    const [pair = ''] = properties ? member.split(';', 1) : [member]
    const at = pair.indexOf('=')
    if (at < 0 || pair.slice(0, at).trim() !== MARK_NAME) return []
    return [properties ? decoded(pair.slice(at + 1).trim()) : pair.slice(at + 1).trim()]
  })
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
