/** How client and server begin a connection (RFC 9113 §3.4). */

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** @returns `more` while the bytes are a beginning of it */
export function beginsWithPreface(bytes: Buffer): boolean | 'more' {
  const both = Math.min(bytes.length, PREFACE.length)
  if (bytes.compare(PREFACE, 0, both, 0, both) !== 0) return false
  return bytes.length >= PREFACE.length ? true : 'more'
}

const SETTINGS = 4
const GOAWAY = 7

/**
 * Whether octets may be what a server of HTTP/2 says first, as far as they go: SETTINGS (RFC 9113 §3.4), or GOAWAY to who is understood too badly for that. Both
 * are frames of the connection and short; no answer of HTTP/1 begins so.
 */
export function beginsAsHttp2(bytes: Buffer): boolean {
  if (bytes.length === 0) return false
  for (let at = 0; at < Math.min(bytes.length, 9); at++) {
    const octet = bytes[at]
    if (at === 2) continue
    if (at === 3 ? octet !== SETTINGS && octet !== GOAWAY : octet !== 0) return false
  }
  return true
}
