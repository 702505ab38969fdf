/** Extended CONNECT of HTTP/2 and Upgrade of HTTP/1.1 ask for the same (RFC 8441 §5, RFC 9110 §7.8). */
import { createHash, randomBytes } from 'node:crypto'

export interface Upgrade {
  readonly protocol: string
  /** `Sec-WebSocket-Key` (RFC 6455 §4.1), which HTTP/2 does without; undefined for other protocols. */
  readonly key: string | undefined
}

/** Fields of WebSocket's handshake that only HTTP/1.1 has (RFC 8441 §5). */
export const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set(['sec-websocket-key', 'sec-websocket-accept'])

export function upgradeTo(protocol: string): Upgrade {
  return { protocol, key: protocol.toLowerCase() === 'websocket' ? randomBytes(16).toString('base64') : undefined }
}

/** `Sec-WebSocket-Accept` for a key (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}
