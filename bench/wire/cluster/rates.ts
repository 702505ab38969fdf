/** What arrivals say: rates, and how fast they were reached. */
import { type Arrivals, BUCKET_MS } from './arrivals.ts'

/** Over which a rate is taken when it is asked when it was reached. */
const SPAN_MS = 500

/** Megabytes per second that arrived between two moments after the first byte of all flows. */
export function rate(flows: Arrivals[], fromMs: number, toMs: number): number {
  return bytesOf(flows, fromMs, toMs).reduce((sum, bytes) => sum + bytes, 0) / 1000 / (toMs - fromMs)
}

/** Milliseconds after the first byte until half a second at `wanted` megabytes per second has begun; Infinity: never. */
export function reached(flows: Arrivals[], wanted: number): number {
  const lasted = Math.max(...flows.map(({ firstMs, buckets }) => firstMs - first(flows) + buckets.length * BUCKET_MS))
  for (let from = 0; from + SPAN_MS <= lasted; from += BUCKET_MS) {
    if (rate(flows, from, from + SPAN_MS) >= wanted) return from
  }
  return Number.POSITIVE_INFINITY
}

/** How far the flow that is farthest off its fair share is off it: 0.2 is 20 %. */
export function unfairness(flows: Arrivals[], fromMs: number, toMs: number): number {
  const each = bytesOf(flows, fromMs, toMs)
  const fair = each.reduce((sum, bytes) => sum + bytes, 0) / each.length
  return Math.max(...each.map((bytes) => Math.abs(bytes / fair - 1)))
}

function first(flows: Arrivals[]): number {
  return Math.min(...flows.map(({ firstMs }) => firstMs))
}

/** Bytes of each flow between two moments. */
function bytesOf(flows: Arrivals[], fromMs: number, toMs: number): number[] {
  const base = first(flows)
  return flows.map(({ firstMs, buckets }) => {
    const shift = Math.round((firstMs - base) / BUCKET_MS)
    const from = Math.max(0, fromMs / BUCKET_MS - shift)
    return buckets.slice(from, Math.max(0, toMs / BUCKET_MS - shift)).reduce((sum, bytes) => sum + bytes, 0)
  })
}

/** The value below which the share `of` of all values lies. */
export function quantile(values: number[], of: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? Number.NaN
}
