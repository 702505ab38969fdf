import { isUtf8 } from 'node:buffer'

const BEYOND_ASCII = /[\u0080-\u00ff]/

/**
 * Text of octets that were read one by one (latin1): as UTF-8, which is what people type and nearly all programs send, and as it is where it is no UTF-8. HTTP says
 * of such octets only that they are opaque (RFC 9110 §5.5).
 */
export function octetsText(octets: string): string {
  if (!BEYOND_ASCII.test(octets)) return octets
  const bytes = Buffer.from(octets, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : octets
}
