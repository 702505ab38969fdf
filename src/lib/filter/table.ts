/**
 * Filters in the order in which they are asked, with what belongs to each. Filters that require one value of a header, or one mark, are found
 * by what the request has there; only the others are asked one by one. So it makes little difference how many people share a port.
 */
import { STEPS } from './budget.ts'
import type { Filter } from './compile.ts'
import type { FilterNeeds, FilterRequest } from './request.ts'

export interface FilterEntry<T> {
  filter: Filter
  value: T
}

/** Offsets of entries, in order. */
type Places = readonly number[]

/** So many filters may spend all that one may; more of them share that. */
const AT_FULL_COST = 2
const NOWHERE: Places = []
/** Above this number of names it is quicker to go through what the request has. */
const FEW_NAMES = 4
const NOTHING: readonly never[] = []

export class FilterTable<T> {
  readonly needs: FilterNeeds
  readonly #entries: readonly FilterEntry<T>[]
  /** By header and its value. */
  readonly #byHeader: ReadonlyMap<string, ReadonlyMap<string, Places>>
  /** The same to go through: a `Map` makes an array for each entry then. */
  readonly #names: readonly { name: string; places: ReadonlyMap<string, Places> }[]
  readonly #byMark: ReadonlyMap<string, Places>
  readonly #others: Places
  /** What each filter with an engine may spend on a request, so that all of them together hold nobody up. */
  readonly #steps: number

  constructor(entries: readonly FilterEntry<T>[]) {
    this.#entries = entries
    this.needs = {
      body: entries.some(({ filter }) => filter.needs.body),
      source: entries.some(({ filter }) => filter.needs.source),
    }
    const costly = entries.filter(({ filter }) => filter.isCostly).length
    this.#steps = Math.floor(STEPS / Math.max(1, costly / AT_FULL_COST))
    const headers = new Map<string, Map<string, number[]>>()
    const marks = new Map<string, number[]>()
    const others: number[] = []
    for (const [place, { filter }] of entries.entries()) {
      const key = keyOf(filter)
      if (key === undefined) others.push(place)
      else if (key.kind === 'mark') placesIn(marks, key.mark).push(place)
      else {
        const values = headers.get(key.name) ?? new Map<string, number[]>()
        headers.set(key.name, values)
        placesIn(values, key.value).push(place)
      }
    }
    this.#byHeader = headers
    this.#names = [...headers].map(([name, places]) => ({ name, places }))
    this.#byMark = marks
    this.#others = others
  }

  /** The value of the first entry that is `usable` and whose filter matches. */
  first(request: FilterRequest, usable: (value: T) => boolean): T | undefined {
    let best = this.#entries.length
    if (this.#names.length > FEW_NAMES) {
      for (const [name, value] of request.headers) {
        const here = this.#byHeader.get(name)?.get(value)
        if (here !== undefined) best = this.#firstOf(here, best, request, usable)
      }
    } else {
      for (const { name, places } of this.#names) {
        const here = places.get(request.header(name))
        if (here !== undefined) best = this.#firstOf(here, best, request, usable)
      }
    }
    if (this.#byMark.size > 0) {
      for (const mark of request.marks) {
        best = this.#firstOf(this.#byMark.get(mark) ?? NOWHERE, best, request, usable)
      }
    }
    best = this.#firstOf(this.#others, best, request, usable)
    return this.#entries[best]?.value
  }

  /** The values of all entries that are `usable` and whose filters match, in order. */
  all(request: FilterRequest, usable: (value: T) => boolean): readonly T[] {
    if (this.#entries.length === 0) return NOTHING
    const found = new Set<number>()
    const collect = (places: Places): void => {
      for (const place of places) if (this.#matches(place, request, usable)) found.add(place)
    }
    for (const { name, places } of this.#names) collect(places.get(request.header(name)) ?? NOWHERE)
    if (this.#byMark.size > 0) for (const mark of request.marks) collect(this.#byMark.get(mark) ?? NOWHERE)
    collect(this.#others)
    if (found.size === 0) return NOTHING
    return this.#entries.filter((_entry, place) => found.has(place)).map(({ value }) => value)
  }

  /** @returns the first of `places` before `best` that matches, or else `best` */
  #firstOf(places: Places, best: number, request: FilterRequest, usable: (value: T) => boolean): number {
    for (const place of places) {
      if (place >= best) return best
      if (this.#matches(place, request, usable)) return place
    }
    return best
  }

  #matches(place: number, request: FilterRequest, usable: (value: T) => boolean): boolean {
    const entry = this.#entries[place]
    if (entry === undefined || !usable(entry.value)) return false
    return entry.filter.matches(request, entry.filter.isCostly ? this.#steps : STEPS)
  }
}

function keyOf({
  terms,
}: Filter): { kind: 'mark'; mark: string } | { kind: 'header'; name: string; value: string } | undefined {
  for (const term of terms) {
    if (term.not) continue
    if (term.kind === 'mark') return term
    // What is absent is found by no index.
    if (term.kind === 'header' && term.test === undefined && term.value !== '') {
      return { kind: 'header', name: term.name.toLowerCase(), value: term.value }
    }
  }
  return undefined
}

function placesIn(map: Map<string, number[]>, key: string): number[] {
  const places = map.get(key) ?? []
  map.set(key, places)
  return places
}
