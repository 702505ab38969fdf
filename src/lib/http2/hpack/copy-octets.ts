/** Up to so many a loop is faster than a call. */
const FEW = 32

/** @returns where the next octet belongs */
export function copyOctets(source: Buffer, from: number, to: number, target: Buffer, at: number): number {
  const length = to - from
  if (length > FEW) source.copy(target, at, from, to)
  else for (let index = 0; index < length; index++) target[at + index] = source[from + index] as number
  return at + length
}
