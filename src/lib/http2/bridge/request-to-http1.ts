/** A request of HTTP/2 as the head of one of HTTP/1.1. */
import type { RequestHead } from '../messages/request-head.ts'
import { connectionFields } from './connection-fields.ts'
import { HANDSHAKE_FIELDS, type Upgrade, upgradeTo } from './upgrade.ts'

export interface Http1Request {
  /** With its empty line. */
  readonly head: Buffer
  /** How DATA goes on: not at all, as it is, in chunks, or as bytes of the connection once that is granted. */
  readonly framing: 'none' | 'length' | 'chunked' | 'tunnel'
  /** What the answer is held against. */
  readonly upgrade: Upgrade | undefined
}

/** @param ended END_STREAM came with the head: there is no body */
export function requestToHttp1(head: RequestHead, ended: boolean): Http1Request {
  const upgrade = head.protocol === undefined ? undefined : upgradeTo(head.protocol)
  const framing = framingOf(head, ended)
  const lines = [`${requestLine(head)} HTTP/1.1`, `host: ${head.authority}`]
  for (const [name, value] of head.headers) if (!isMadeHere(name)) lines.push(`${name}: ${value}`)
  // RFC 9113 §8.2.3: HTTP/1.1 has one.
  const cookies = head.list('cookie')
  if (cookies !== '') lines.push(`cookie: ${cookies}`)
  if (framing === 'length') lines.push(`content-length: ${head.contentLength}`)
  if (framing === 'chunked') lines.push('transfer-encoding: chunked')
  if (framing === 'none' && (head.contentLength === 0 || EXPECTS_BODY.has(head.method))) lines.push('content-length: 0')
  lines.push(...connectionLines(head, upgrade))
  return { head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), framing, upgrade }
}

/** Methods whose meaning expects a body: without one they say so (RFC 9110 §8.6). */
const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

function framingOf({ connects, contentLength }: RequestHead, ended: boolean): Http1Request['framing'] {
  if (connects) return 'tunnel'
  if (ended || contentLength === 0) return 'none'
  return contentLength === undefined ? 'chunked' : 'length'
}

function requestLine({ method, protocol, path, authority }: RequestHead): string {
  if (protocol !== undefined) return `GET ${path}`
  return method === 'CONNECT' ? `CONNECT ${authority}` : `${method} ${path}`
}

const isOfConnection = connectionFields('')

function isMadeHere(name: string): boolean {
  if (name === 'host' || name === 'cookie' || name === 'content-length') return true
  return isOfConnection(name) || HANDSHAKE_FIELDS.has(name)
}

function connectionLines(head: RequestHead, upgrade: Upgrade | undefined): string[] {
  if (upgrade !== undefined) {
    const key = upgrade.key === undefined ? [] : [`sec-websocket-key: ${upgrade.key}`]
    return ['connection: upgrade', `upgrade: ${upgrade.protocol}`, ...key]
  }
  // RFC 9110 §10.1.4.
  return head.list('te') === '' ? [] : ['te: trailers', 'connection: te']
}
