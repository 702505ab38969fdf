import { HTAB, SP, VALUE } from '../../http1/octets.ts'

/** Whether octets may be a field's value (RFC 9113 §8.2.1): no control characters, no blanks at the ends. */
export function isSound(octets: Uint8Array, from: number, to: number): boolean {
  if (from === to) return true
  if (isBlank(octets[from]) || isBlank(octets[to - 1])) return false
  for (let at = from; at < to; at++) if (VALUE[octets[at] as number] !== 1) return false
  return true
}

function isBlank(octet: number | undefined): boolean {
  return octet === SP || octet === HTAB
}
