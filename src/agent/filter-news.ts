/** Tells laptops which requests their filters could not be asked, when that has changed. */
import type { FilterCounts, Route } from '../wire/messages/control.ts'
import type { Laptop } from './laptops.ts'

export class FilterNews {
  /** What each laptop was told last, by attachment: one that comes back is told anew. */
  readonly #told = new WeakMap<Laptop, Map<string, number>>()

  /** @param laptop that answers the route now */
  tell(laptop: Laptop, { intercept }: Route, { exceeded, failed }: Pick<FilterCounts, 'exceeded' | 'failed'>): void {
    const told = this.#told.get(laptop) ?? new Map<string, number>()
    this.#told.set(laptop, told)
    const sum = exceeded + failed
    if (sum === (told.get(intercept) ?? 0)) return
    told.set(intercept, sum)
    laptop.tell({ kind: 'filtered', intercept, exceeded, failed })
  }
}
