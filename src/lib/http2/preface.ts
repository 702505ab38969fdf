/** How client and server begin a connection (RFC 9113 §3.4). */

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** @returns `more` while the bytes are a beginning of it */
export function beginsWithPreface(bytes: Buffer): boolean | 'more' {
  const both = Math.min(bytes.length, PREFACE.length)
  if (bytes.compare(PREFACE, 0, both, 0, both) !== 0) return false
  return bytes.length >= PREFACE.length ? true : 'more'
}

/** Type, flags and stream of a server's first frame, SETTINGS, behind the two first octets of its length. */
const SETTINGS_HEAD = [0, 0, undefined, 4, 0, 0, 0, 0, 0]

/** Whether octets may be what a server of HTTP/2 says first (RFC 9113 §3.4), as far as they go; no other answer begins so. */
export function beginsWithSettings(bytes: Buffer): boolean {
  if (bytes.length === 0 || (bytes[2] ?? 0) % 6 !== 0) return false
  return SETTINGS_HEAD.every((octet, at) => octet === undefined || at >= bytes.length || bytes[at] === octet)
}
