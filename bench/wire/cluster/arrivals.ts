/** What arrived when, at the receiving end of a transfer. */

export const BUCKET_MS = 50

/** Bytes by time: `buckets[i]` came in the i-th 50 ms since `firstMs`, on the receiver's clock. */
export interface Arrivals {
  firstMs: number
  buckets: number[]
}

/** Counts one connection's bytes. */
export function arrivals(): { seen: Arrivals; count(bytes: number): void } {
  const seen: Arrivals = { firstMs: performance.now(), buckets: [] }
  return {
    seen,
    count(bytes) {
      const now = performance.now()
      if (seen.buckets.length === 0) seen.firstMs = now
      const at = Math.floor((now - seen.firstMs) / BUCKET_MS)
      while (seen.buckets.length <= at) seen.buckets.push(0)
      seen.buckets[at] = (seen.buckets[at] ?? 0) + bytes
    },
  }
}
