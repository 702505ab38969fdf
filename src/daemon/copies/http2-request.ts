/** A copied request, which is a message of HTTP/1.1, as Node's client of HTTP/2 wants it. */
import type { OutgoingHttpHeaders } from 'node:http2'
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { requestFraming } from '../../lib/http1/framing.ts'
import { readRequestHead } from '../../lib/http1/head.ts'
import { requestFromHttp1 } from '../../lib/http2/bridge/request-from-http1.ts'
import { trailersFromHttp1 } from '../../lib/http2/bridge/trailers-from-http1.ts'
import type { Field } from '../../lib/http2/hpack/field.ts'

export interface Http2Request {
  method: string
  /** With `:method` and the like. */
  headers: OutgoingHttpHeaders
  /** Parts of the copy. */
  body: Buffer[]
  trailers: OutgoingHttpHeaders | undefined
}

/**
 * Fields of the connection stay behind; of TE `trailers` goes on. No Upgrade goes on: a request for WebSocket reaches the program as a plain GET.
 * @param authority whom a request of HTTP/1.0 asks that does not say
 * Throws `BadMessage` for what HTTP/2 cannot say.
 */
export function http2Request(bytes: Buffer, scheme: 'http' | 'https', authority: string): Http2Request {
  const head = readRequestHead(bytes)
  if (head === undefined) throw new BadMessage(400, 'the head is not whole')
  const { fields } = requestFromHttp1(head, { scheme, authority, extendedConnect: false })
  const reader = new BodyReader(requestFraming(head), true)
  const body: Buffer[] = []
  reader.take(bytes.subarray(head.bytes), (piece) => {
    if (piece.length > 0) body.push(piece)
  })
  const trailers = reader.trailers === undefined ? [] : trailersFromHttp1(reader.trailers)
  return {
    method: head.method,
    headers: headersOf(fields),
    body,
    trailers: trailers.length === 0 ? undefined : headersOf(trailers),
  }
}

/** Fields of one name stay apart, in their order. */
function headersOf(fields: readonly Field[]): OutgoingHttpHeaders {
  const all = new Map<string, string[]>()
  for (const { name, value } of fields) {
    const values = all.get(name)
    if (values === undefined) all.set(name, [value])
    else values.push(value)
  }
  return Object.fromEntries([...all].map(([name, values]) => [name, values.length === 1 ? values[0] : values]))
}
