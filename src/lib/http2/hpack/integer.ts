/** Integers with a prefix (RFC 7541 §5.1), written. `BlockReader` reads them. */

/** @returns octets that `value` takes behind a prefix whose greatest value is `mask` */
export function integerBytes(value: number, mask: number): number {
  if (value < mask) return 1
  let bytes = 2
  for (let rest = value - mask; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/**
 * @param high the bits before the prefix
 * @returns where the next octet belongs
 */
export function writeInteger(target: Uint8Array, at: number, value: number, mask: number, high: number): number {
  if (value < mask) {
    target[at] = high | value
    return at + 1
  }
  target[at++] = high | mask
  let rest = value - mask
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[at++] = 128 + (rest % 128)
  target[at++] = rest
  return at
}
