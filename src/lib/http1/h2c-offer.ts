/** A request that offers to go over to HTTP/2 (RFC 7540 §3.2, which RFC 9113 §3.1 has given up and servers still take). */
import { requestFraming } from './framing.ts'
import type { RequestHead } from './head.ts'

export interface H2cOffer {
  /** What the client says in HTTP2-Settings: the payload of SETTINGS. */
  readonly settings: Buffer
  /** The head with other settings in its place. */
  readonly head: Buffer
}

const BASE64_URL = /^[\w-]*={0,2}$/
const SETTING_BYTES = 6

/**
 * @param bytes of the head, as it was read
 * @param settings payload of SETTINGS of who passes the offer on, for which the server answers
 * @returns undefined when there is none, or one that may be ignored: it breaks a rule, or its request has a body, which servers do not go over behind
 */
export function h2cOffer(head: RequestHead, bytes: Buffer, settings: Buffer): H2cOffer | undefined {
  const { fields, method, minor } = head
  if (!fields.upgrades || minor === 0 || method === 'CONNECT') return undefined
  if (fields.list('upgrade').toLowerCase() !== 'h2c' || requestFraming(head).kind !== 'none') return undefined
  const given = head.headers.filter(([name]) => name === 'http2-settings').map(([, value]) => value)
  const [value] = given
  if (value === undefined || given.length > 1 || !BASE64_URL.test(value)) return undefined
  const options = fields
    .list('connection')
    .toLowerCase()
    .split(/[ \t]*,[ \t]*/)
  if (!options.includes('upgrade') || !options.includes('http2-settings')) return undefined
  const payload = Buffer.from(value, 'base64url')
  if (payload.length % SETTING_BYTES !== 0) return undefined
  return { settings: payload, head: withSettings(bytes, settings.toString('base64url')) }
}

function withSettings(bytes: Buffer, value: string): Buffer {
  const lines = bytes.toString('latin1').split('\r\n')
  const changed = lines.map((line) =>
    /^http2-settings:/i.test(line) ? `${line.slice(0, line.indexOf(':'))}: ${value}` : line,
  )
  return Buffer.from(changed.join('\r\n'), 'latin1')
}
