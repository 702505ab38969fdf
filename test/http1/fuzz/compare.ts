/** Two readings of the same bytes: whether both say the same about where each message ends. */
import type { Verdict } from '../../fuzz/verdict.ts'
import type { Message, Reading } from './reading.ts'

/**
 * Why Node may refuse what we pass on: what it says of methods, targets and other text that no reader can take for an end, and of which
 * the server behind us is the judge.
 */
export const TOLERATED: ReadonlySet<string> = new Set([
  'HPE_INVALID_METHOD',
  'HPE_INVALID_URL',
  'HPE_INVALID_CONSTANT',
  'HPE_INVALID_VERSION',
  // It obeys Connection in trailers: then it closes, and reads nothing behind.
  'HPE_CLOSED_CONNECTION',
])
/** Answers that have no body, whatever their fields say (RFC 9112 §6.3). */
const BODILESS = /^(1..|204|304)$/
const FRAMING: ReadonlySet<string> = new Set([
  'HPE_UNEXPECTED_CONTENT_LENGTH',
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_INVALID_TRANSFER_ENCODING',
])

export function compare(ours: Reading, theirs: Reading): Verdict {
  // We pass an answer on of which we do not know the end, and nothing behind it: where Node sees one, nobody is misled.
  if (ours.untilClose) {
    const verdict = compare(withoutLast(ours), withoutLast(theirs, ours.messages.length))
    return verdict.kind === 'same' ? { kind: 'same', why: 'until close' } : verdict
  }
  const count = Math.min(ours.messages.length, theirs.messages.length)
  for (let at = 0; at < count; at++) {
    const [mine, other] = [show(ours.messages[at]), show(theirs.messages[at])]
    if (mine !== other) return { kind: 'wrong', why: `message ${at}: we read ${mine}, Node ${other}` }
  }
  if (ours.messages.length > count) {
    if (theirs.over === 'last')
      return { kind: 'wrong', why: `message ${count}: for Node there is none, we read ${show(ours.messages[count])}` }
    return ofRefusal(theirs, `message ${count}: we read ${show(ours.messages[count])}`, ours.messages[count])
  }
  if (theirs.messages.length > count) {
    if (ours.over === 'refused') return { kind: 'stricter', why: ours.why }
    if (closes(ours)) return { kind: 'stricter', why: 'the connection closes' }
    return {
      kind: 'wrong',
      why: `message ${count}: we are at "${ours.over}", Node reads ${show(theirs.messages[count])}`,
    }
  }
  if (closes(ours) && theirs.over !== 'last') return { kind: 'stricter', why: 'the connection closes' }
  if (ours.over === 'refused') return { kind: theirs.over === 'refused' ? 'both' : 'stricter', why: ours.why }
  // Nothing of it was passed on yet.
  if (ours.over === 'head') return { kind: 'short', why: '' }
  if (theirs.over === 'refused') return ofRefusal(theirs, `behind ${count} messages we are at "${ours.over}"`)
  if (ours.over !== theirs.over)
    return { kind: 'wrong', why: `behind ${count} messages we are at "${ours.over}", Node at "${theirs.over}"` }
  if (ours.over === 'body') return { kind: 'short', why: '' }
  return { kind: 'same', why: '' }
}

/** The messages before the last of `count`, as if there were no others. */
function withoutLast(reading: Reading, count = reading.messages.length): Reading {
  const { messages } = reading
  if (messages.length < count - 1) return { ...reading, untilClose: false }
  return { messages: messages.slice(0, count - 1), over: 'end', untilClose: false, why: '' }
}

/** "close" ends a connection whatever stands beside it (RFC 9112 §9.3); Node lets a keep-alive behind it win. */
function closes({ over, messages }: Reading): boolean {
  return (
    over === 'last' && messages.at(-1)?.fields.some((field) => /^connection: (.*,)?\s*close\b/i.test(field)) === true
  )
}

function ofRefusal({ over, why }: Reading, what: string, next?: Message): Verdict {
  const tolerated = TOLERATED.has(why) || (next !== undefined && BODILESS.test(next.start) && FRAMING.has(why))
  if (over === 'refused' && tolerated) return { kind: 'looser', why }
  return { kind: 'wrong', why: `${what}, Node is at "${over}" ${why}` }
}

const show = (message: Message | undefined): string => JSON.stringify(message)
