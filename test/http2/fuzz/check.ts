/** One connection's blocks, as a seed decides them: read by us, by the reference, and by who gets what we pass on. */
import { BadMessage } from '../../../src/lib/http1/bad-message.ts'
import { readRequestHead } from '../../../src/lib/http1/head.ts'
import { requestFromHttp1 } from '../../../src/lib/http2/bridge/request-from-http1.ts'
import { requestToHttp1 } from '../../../src/lib/http2/bridge/request-to-http1.ts'
import { HpackDecoder } from '../../../src/lib/http2/hpack/decoder.ts'
import type { FieldBlock } from '../../../src/lib/http2/hpack/field.ts'
import { Http2Error } from '../../../src/lib/http2/http2-error.ts'
import { requestHead } from '../../../src/lib/http2/messages/request-head.ts'
import { responseHead } from '../../../src/lib/http2/messages/response-head.ts'
import { trailers } from '../../../src/lib/http2/messages/trailers.ts'
import { Random } from '../../chaos/random.ts'
import type { Verdict } from '../../fuzz/verdict.ts'
import { type Connection, connection } from './grammar.ts'
import { type Line, Malformed, Reference } from './reference.ts'

export function check(seed: number): Verdict {
  const random = new Random(seed)
  try {
    return judged(connection((count) => Math.floor(random.next() * count)))
  } catch (error) {
    return { kind: 'wrong', why: `it threw ${(error as Error).stack}` }
  }
}

export function judged({ tableBytes, listBytes, blocks }: Connection): Verdict {
  const decoder = new HpackDecoder({ tableBytes, listBytes })
  const reference = new Reference(tableBytes)
  const kept: { block: FieldBlock; shown: string }[] = []
  let messages = 0
  for (const octets of blocks) {
    const theirs = attempt(Malformed, () => reference.decode(octets))
    // Connections read into the same memory again.
    const lent = Buffer.from(octets)
    const ours = attempt(Http2Error, () => decoder.decode(lent))
    lent.fill(0xaa)
    if (theirs === undefined || ours === undefined) {
      if (theirs === ours) return { kind: 'both', why: '' }
      return wrong(`${octets.toString('hex')} is malformed for ${theirs === undefined ? 'the reference' : 'us'} only`)
    }
    const difference = differenceOf(ours, theirs, listBytes)
    if (difference !== '') return wrong(`${octets.toString('hex')}: ${difference}`)
    if (decoder.tableBytes !== reference.bytes)
      return wrong(`the table has ${decoder.tableBytes}, not ${reference.bytes}`)
    kept.push({ block: ours, shown: show(ours) })
    messages += messagesOf(ours)
  }
  // What was handed out stays what it was, whatever came behind it.
  for (const { block, shown } of kept) if (show(block) !== shown) return wrong(`${shown} became ${show(block)}`)
  return { kind: 'same', why: messages > 0 ? 'with messages' : '' }
}

function differenceOf(ours: FieldBlock, theirs: Line[], listBytes: number): string {
  let bytes = 0
  const whole = theirs.findIndex(({ name, value }) => {
    bytes += name.length + value.length + 32
    return bytes > listBytes
  })
  if (ours.tooLarge !== whole >= 0) return `too large: ${ours.tooLarge}`
  const expected = whole >= 0 ? theirs.slice(0, whole) : theirs
  if (show(ours) !== JSON.stringify(expected)) return `we read ${show(ours)}, the reference ${JSON.stringify(expected)}`
  if (ours.tooLarge) return ours.verbatim === undefined ? '' : 'the whole is passed on'
  for (const passed of [ours.encoded, ours.verbatim, Buffer.concat(ours.fields.map(({ encoded }) => encoded))]) {
    if (passed === undefined) continue
    const read = new Reference(0).decode(passed)
    if (JSON.stringify(read) !== JSON.stringify(expected)) return `${passed.toString('hex')} is passed on`
  }
  return ''
}

function show({ fields }: FieldBlock): string {
  return JSON.stringify(fields.map(({ name, value, neverIndexed }) => ({ name, value, neverIndexed })))
}

/** What stands for a message is one over HTTP/1.1 too, and the same when it comes back. */
function messagesOf(block: FieldBlock): number {
  attempt(Http2Error, () => trailers(block, 1))
  const answer = attempt(Http2Error, () => responseHead(block, 1, 'GET'))
  const head = attempt(Http2Error, () => requestHead(block, 1))
  if (head === undefined) return answer === undefined ? 0 : 1
  const made = requestToHttp1(head, false)
  const read = readRequestHead(made.head)
  if (read?.bytes !== made.head.length) throw new Error(`it became ${JSON.stringify(made.head.toString('latin1'))}`)
  const back = attempt(BadMessage, () =>
    requestFromHttp1(read, { scheme: 'http', authority: 'x', extendedConnect: true }),
  )
  if (back === undefined) throw new Error(`it does not come back of ${JSON.stringify(made.head.toString('latin1'))}`)
  return 1
}

function attempt<T>(refusal: typeof Malformed | typeof Http2Error | typeof BadMessage, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof refusal) return undefined
    throw error
  }
}

function wrong(why: string): Verdict {
  return { kind: 'wrong', why }
}
