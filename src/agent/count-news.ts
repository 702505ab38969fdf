/** Tells laptops what is counted of their attachments, when that has changed. */
import type { BridgeCounts, FilterCounts } from '../wire/messages/control.ts'
import type { Laptop } from './laptops.ts'

export class CountNews {
  /** The sum that each laptop was told last, by kind and attachment: one that comes back is told anew. */
  readonly #told = new WeakMap<Laptop, Map<string, number>>()

  /**
   * @param laptop that answers the attachment now
   * @param counts which only grow
   */
  tell(laptop: Laptop, counts: FilterCounts | BridgeCounts): void {
    const told = this.#told.get(laptop) ?? new Map<string, number>()
    this.#told.set(laptop, told)
    const key = `${counts.kind} ${counts.intercept}`
    const sum = sumOf(counts)
    if (sum === (told.get(key) ?? 0)) return
    told.set(key, sum)
    laptop.tell(counts)
  }
}

function sumOf(counts: FilterCounts | BridgeCounts): number {
  if (counts.kind === 'filtered') return counts.exceeded + counts.failed
  const { laptop, app } = counts
  return laptop.http1 + laptop.http2 + app.http1 + app.http2
}
