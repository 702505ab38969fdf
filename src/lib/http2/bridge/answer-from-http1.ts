/** An answer of HTTP/1.1 as fields of HTTP/2. */
import { BadMessage } from '../../http1/bad-message.ts'
import { responseFraming } from '../../http1/framing.ts'
import type { ResponseHead } from '../../http1/head.ts'
import { field } from '../hpack/encode.ts'
import type { Field } from '../hpack/field.ts'
import { connectionFields } from './connection-fields.ts'
import { acceptOf, HANDSHAKE_FIELDS, type Upgrade } from './upgrade.ts'

/**
 * Throws `BadMessage` 502 for what HTTP/2 cannot say.
 * @param method that the client of HTTP/2 sent
 * @param upgrade what the request asked for
 */
export function answerFromHttp1(head: ResponseHead, method: string, upgrade: Upgrade | undefined): Field[] {
  const { fields } = head
  // Throws for lengths that two readers could take differently.
  responseFraming(head, method)
  if (fields.lengths > 1 || (fields.lengths === 1 && fields.length < 0)) {
    throw new BadMessage(502, 'Content-Length is not one number')
  }
  if (fields.codings > 0 && !(fields.codings === 1 && fields.chunked)) {
    throw new BadMessage(502, 'the transfer coding is unknown')
  }
  const status = statusOf(head, method, upgrade)
  const tunnels = method === 'CONNECT' && status >= 200 && status < 300
  const hasNoLength = tunnels || status < 200 || status === 204 || fields.codings > 0
  const isOfConnection = connectionFields(fields.list('connection'))
  const list = [field(':status', String(status))]
  for (const [name, value] of head.headers) {
    if (isOfConnection(name) || (tunnels && HANDSHAKE_FIELDS.has(name))) continue
    if (name === 'content-length' && hasNoLength) continue
    list.push(field(name, value))
  }
  return list
}

function statusOf(head: ResponseHead, method: string, upgrade: Upgrade | undefined): number {
  const { status } = head
  if (status === 101) {
    if (upgrade === undefined || !isGranted(head, upgrade)) throw new BadMessage(502, 'the answer changes the protocol')
    return 200
  }
  // For HTTP/2 it would mean that what was asked for was granted (RFC 8441 §4).
  if (upgrade !== undefined && method === 'CONNECT' && status >= 200 && status < 300) {
    throw new BadMessage(502, 'the server did not change the protocol')
  }
  return status
}

function isGranted({ fields }: ResponseHead, { protocol, key }: Upgrade): boolean {
  if (fields.list('upgrade').toLowerCase() !== protocol.toLowerCase()) return false
  return key === undefined || fields.list('sec-websocket-accept') === acceptOf(key)
}
