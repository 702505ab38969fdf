/** How a client begins a connection (RFC 9113 §3.4). */

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** @returns `more` while the bytes are a beginning of it */
export function beginsWithPreface(bytes: Buffer): boolean | 'more' {
  const both = Math.min(bytes.length, PREFACE.length)
  if (bytes.compare(PREFACE, 0, both, 0, both) !== 0) return false
  return bytes.length >= PREFACE.length ? true : 'more'
}
