/** A request of HTTP/1 as fields of HTTP/2. */
import { BadMessage } from '../../http1/bad-message.ts'
import { requestFraming } from '../../http1/framing.ts'
import type { RequestHead } from '../../http1/head.ts'
import { field } from '../hpack/encode.ts'
import type { Field } from '../hpack/field.ts'
import { isAuthority } from '../messages/authority.ts'
import { connectionFields } from './connection-fields.ts'
import { HANDSHAKE_FIELDS, type Upgrade } from './upgrade.ts'

export interface Target {
  /** Of the connection; a target that names one says it itself. */
  readonly scheme: 'http' | 'https'
  /** For HTTP/1.0 without Host. */
  readonly authority: string
  /** It sent SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 §3). */
  readonly extendedConnect: boolean
}

/**
 * Throws `BadMessage` for targets that HTTP/2 cannot say, and for bodies that two readers could see differently.
 * @returns fields, and what the client of HTTP/1.1 asked for if that travels as extended CONNECT. To a target without that an Upgrade is not passed on, and is
 *   answered as any request (RFC 9110 §7.8).
 */
export function requestFromHttp1(head: RequestHead, target: Target): { fields: Field[]; upgrade: Upgrade | undefined } {
  const framing = requestFraming(head)
  const upgrade = target.extendedConnect && framing.kind === 'none' ? upgradeOf(head) : undefined
  const fields = pseudoFields(head, target, upgrade)
  const isOfConnection = connectionFields(head.fields.list('connection'))
  for (const [name, value] of head.headers) {
    if (name === 'host' || isOfConnection(name) || (upgrade !== undefined && HANDSHAKE_FIELDS.has(name))) continue
    if (name === 'content-length' && (upgrade !== undefined || head.method === 'CONNECT')) continue
    fields.push(field(name, value))
  }
  if (TRAILERS.test(head.fields.list('te'))) fields.push(field('te', 'trailers'))
  return { fields, upgrade }
}

const TRAILERS = /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i

function pseudoFields(head: RequestHead, target: Target, upgrade: Upgrade | undefined): Field[] {
  const { method, scheme, authority, path } = partsOf(head, target)
  if (authority === '' || !isAuthority(authority)) throw new BadMessage(400, 'the request names no host')
  if (method === 'CONNECT') return [field(':method', method), field(':authority', authority)]
  return [
    field(':method', upgrade === undefined ? method : 'CONNECT'),
    ...(upgrade === undefined ? [] : [field(':protocol', upgrade.protocol)]),
    field(':scheme', scheme),
    field(':authority', authority),
    field(':path', path),
  ]
}

const ABSOLUTE = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i

/** Of each form of a target (RFC 9112 §3.2). */
function partsOf(head: RequestHead, { scheme, authority }: Target): Parts {
  const { method, target } = head
  const host = head.fields.list('host') || (head.fields.hosts === 0 ? authority : '')
  if (method === 'CONNECT') return { method, scheme, authority: target, path: '' }
  if (target.startsWith('/')) return { method, scheme, authority: host, path: target }
  if (target === '*' && method === 'OPTIONS') return { method, scheme, authority: host, path: target }
  const absolute = ABSOLUTE.exec(target)
  if (absolute === null) throw new BadMessage(400, 'the request target is malformed')
  const [, named = '', there = '', rest = ''] = absolute
  return { method, scheme: named.toLowerCase(), authority: there, path: pathOf(method, rest) }
}

interface Parts {
  method: string
  scheme: string
  authority: string
  path: string
}

function pathOf(method: string, rest: string): string {
  // RFC 9112 §3.2.4.
  if (rest === '') return method === 'OPTIONS' ? '*' : '/'
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Whether a request asks for WebSocket (RFC 6455 §4.1), which over HTTP/2 is extended CONNECT (RFC 8441). */
export function asksForWebSocket({ method, minor, fields }: RequestHead): boolean {
  if (!fields.upgrades || method !== 'GET' || minor === 0) return false
  if (fields.list('upgrade').toLowerCase() !== 'websocket' || fields.list('sec-websocket-key') === '') return false
  return /(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(fields.list('connection'))
}

/** WebSocket only: of other protocols nobody can say whether a server of HTTP/2 takes them, and whoever asks must be able to do without (RFC 9110 §7.8). */
function upgradeOf(head: RequestHead): Upgrade | undefined {
  return asksForWebSocket(head) ? { protocol: 'websocket', key: head.fields.list('sec-websocket-key') } : undefined
}
