/** An answer of HTTP/2 as the head of one of HTTP/1.1. */
import { STATUS_CODES } from 'node:http'
import type { ResponseHead } from '../messages/response-head.ts'
import { connectionFields } from './connection-fields.ts'
import { acceptOf, HANDSHAKE_FIELDS, type Upgrade } from './upgrade.ts'

/** What the client of HTTP/1 asked. */
export interface Asked {
  /** As it stood there: GET where it travelled as extended CONNECT. */
  readonly method: string
  /** 0 for HTTP/1.0. */
  readonly minor: number
  readonly keepsAlive: boolean
  /** What travelled as extended CONNECT. */
  readonly upgrade: Upgrade | undefined
}

export interface Http1Answer {
  readonly head: Buffer
  /** How DATA goes on: not at all, as it is, in chunks, until the connection ends, or as bytes of the connection. */
  readonly framing: 'none' | 'length' | 'chunked' | 'close' | 'tunnel'
}

/**
 * @param ended END_STREAM came with the head
 * @returns undefined for an interim answer that the client cannot read (RFC 9110 §15.2)
 */
export function answerToHttp1(answer: ResponseHead, asked: Asked, ended: boolean): Http1Answer | undefined {
  if (answer.interim && asked.minor === 0) return undefined
  const framing = framingOf(answer, asked, ended)
  const upgraded = framing === 'tunnel' ? asked.upgrade : undefined
  const status = upgraded === undefined ? answer.status : 101
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`]
  const isSaid = asked.method === 'HEAD' || answer.status === 304
  const keepsLength = framing === 'length' || (isSaid && !answer.interim && answer.status !== 204)
  for (const [name, value] of answer.headers) {
    if (isOfConnection(name) || HANDSHAKE_FIELDS.has(name)) continue
    if (name === 'content-length' && !keepsLength) continue
    lines.push(`${name}: ${value}`)
  }
  if (framing === 'chunked') lines.push('transfer-encoding: chunked')
  if (framing === 'none' && hasBody(answer, asked.method)) lines.push('content-length: 0')
  lines.push(...connectionLines(answer, asked, framing))
  return { head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), framing }
}

const isOfConnection = connectionFields('')

function framingOf(answer: ResponseHead, asked: Asked, ended: boolean): Http1Answer['framing'] {
  const granted = answer.status >= 200 && answer.status < 300
  if (granted && (asked.method === 'CONNECT' || asked.upgrade !== undefined)) return 'tunnel'
  if (ended || !hasBody(answer, asked.method)) return 'none'
  if (answer.contentLength !== undefined) return 'length'
  return asked.minor === 0 ? 'close' : 'chunked'
}

/** RFC 9112 §6.3. */
function hasBody({ status, interim }: ResponseHead, method: string): boolean {
  return method !== 'HEAD' && !interim && status !== 204 && status !== 304
}

function connectionLines({ interim }: ResponseHead, asked: Asked, framing: Http1Answer['framing']): string[] {
  if (interim) return []
  if (framing === 'tunnel') {
    if (asked.upgrade === undefined) return []
    const { protocol, key } = asked.upgrade
    return [
      'connection: upgrade',
      `upgrade: ${protocol}`,
      ...(key === undefined ? [] : [`sec-websocket-accept: ${acceptOf(key)}`]),
    ]
  }
  if (framing === 'close' || !asked.keepsAlive) return ['connection: close']
  return asked.minor === 0 ? ['connection: keep-alive'] : []
}
