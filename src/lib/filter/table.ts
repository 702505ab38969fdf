/** Filters in the order in which they are asked, with what belongs to each. */
import type { Filter } from './compile.ts'
import type { FilterNeeds, FilterRequest } from './request.ts'

export interface FilterEntry<T> {
  filter: Filter
  value: T
}

export class FilterTable<T> {
  readonly needs: FilterNeeds
  readonly #entries: readonly FilterEntry<T>[]

  constructor(entries: readonly FilterEntry<T>[]) {
    this.#entries = entries
    this.needs = {
      body: entries.some(({ filter }) => filter.needs.body),
      source: entries.some(({ filter }) => filter.needs.source),
    }
  }

  /** The value of the first entry that is `usable` and whose filter matches. */
  first(request: FilterRequest, usable: (value: T) => boolean): T | undefined {
    return this.#entries.find(({ filter, value }) => usable(value) && filter.matches(request))?.value
  }

  /** The values of all entries that are `usable` and whose filters match. */
  all(request: FilterRequest, usable: (value: T) => boolean): T[] {
    return this.#entries.flatMap(({ filter, value }) => (usable(value) && filter.matches(request) ? [value] : []))
  }
}
