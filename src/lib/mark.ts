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

/** Of a list, empty and malformed ones too: more than either specification lets a list have. */
const MAX_PARTS = 512

const NONE: readonly string[] = []

/**
 * The marks that a request carries, in the order header, baggage, tracestate.
 * @param request whose repeated headers are joined with `, `, which all three allow (RFC 9110 §5.3)
 */
export function marksOf(request: { header(name: string): string }): readonly string[] {
  const own = request.header(MARK_NAME)
  const baggage = request.header('baggage')
  const tracestate = request.header('tracestate')
  const inBaggage = baggage !== '' && baggage.includes(MARK_NAME)
  const inTracestate = tracestate !== '' && tracestate.includes(MARK_NAME)
  if (own === '' && !inBaggage && !inTracestate) return NONE
  if (!inBaggage && !inTracestate && !own.includes(',')) return [own]
  const marks = own === '' ? [] : own.split(',', MAX_MARKS).map(trimmed)
  if (inBaggage) marks.push(...baggageMarks(baggage))
  if (inTracestate) marks.push(...tracestateMarks(tracestate))
  return marks.filter((mark) => mark !== '').slice(0, MAX_MARKS)
}

/** Headers that carry marks. */
export const MARK_CARRIERS = [MARK_NAME, 'baggage', 'tracestate'] as const
export type MarkCarrier = (typeof MARK_CARRIERS)[number]

/** In which headers a request carries `mark`, each read as `marksOf` reads it. */
export function carriersOf(request: { header(name: string): string }, mark: string): MarkCarrier[] {
  return MARK_CARRIERS.filter((carrier) =>
    marksOf({ header: (name) => (name === carrier ? request.header(name) : '') }).includes(mark),
  )
}

/** `key OWS = OWS value *(OWS ; OWS property)` (W3C Baggage §3.1). */
const BAGGAGE_MEMBER = new RegExp(`^[ \\t]*${MARK_NAME}[ \\t]*=[ \\t]*([!#-+\\--:<-[\\]-~]*)[ \\t]*(?:;|$)`)

/** Values of our members; what is malformed is passed over. */
function baggageMarks(baggage: string): string[] {
  return baggage.split(',', MAX_PARTS).flatMap((member) => {
    const value = BAGGAGE_MEMBER.exec(member)?.[1]
    return value === undefined ? [] : [percentDecoded(value)]
  })
}

const MAX_TRACESTATE_MEMBERS = 32
/** `key = value`, the key simple or of a tenant, the value without `,` and `=` and not ending in a blank (W3C Trace Context §3.3.1.3). */
const TRACESTATE_MEMBER =
  /^(?=.{1,513}$)([a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=([ -+\--<>-~]{0,255}[!-+\--<>-~])$/

/** The value of our member: each key stands once, so the first counts. Malformed members are passed over; of the others 32 are read. */
function tracestateMarks(tracestate: string): string[] {
  let members = 0
  for (const part of tracestate.split(',', MAX_PARTS)) {
    const match = TRACESTATE_MEMBER.exec(trimmed(part))
    if (match === null) continue
    if (++members > MAX_TRACESTATE_MEMBERS) return []
    if (match[1] === MARK_NAME) return [match[2] ?? '']
  }
  return []
}

/** Without optional whitespace (RFC 9110 §5.6.3). By hand: a search for blanks at the end begins again at each blank of a long run. */
function trimmed(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && isBlank(text, from)) from++
  while (to > from && isBlank(text, to - 1)) to--
  return text.slice(from, to)
}

function isBlank(text: string, at: number): boolean {
  const char = text.charCodeAt(at)
  return char === 32 || char === 9
}

/** Octets that are no UTF-8 become U+FFFD (W3C Baggage §3.3.1); a `%` without two digits stays as it is. */
function percentDecoded(value: string): string {
  return value.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}
