/** Room for what is decoded and looked at at once; the next call overwrites it. */
const KEPT = Buffer.allocUnsafeSlow(16 * 1024)

export function scratch(bytes: number): Buffer {
  return bytes <= KEPT.length ? KEPT : Buffer.allocUnsafeSlow(bytes)
}
