/**
 * Maps and sets whose entries come and go all the time, in one that stays. When V8 makes a new table for a map, the old one leads to it. Once one
 * of them has grown old, each next one is kept by a dead one, and all that is in it is copied again and again, until all memory is collected: a
 * map that is made anew in time ends the chain, and with a short life of its entries that is three times as fast.
 */

/** A new one is made after so many entries, and so many for each that stays. */
const ENTRIES = 256
const FOR_EACH = 4

/** In order of insertion, as a `Map`. What is inserted in a loop over it, the loop may not see. */
export class ChurnMap<Key, Value> {
  #map = new Map<Key, Value>()
  #inserted = 0

  get size(): number {
    return this.#map.size
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key)
  }

  has(key: Key): boolean {
    return this.#map.has(key)
  }

  set(key: Key, value: Value): void {
    if (++this.#inserted > ENTRIES && this.#inserted > FOR_EACH * this.#map.size) {
      this.#map = new Map(this.#map)
      this.#inserted = 0
    }
    this.#map.set(key, value)
  }

  delete(key: Key): boolean {
    return this.#map.delete(key)
  }

  clear(): void {
    this.#map = new Map()
    this.#inserted = 0
  }

  keys(): MapIterator<Key> {
    return this.#map.keys()
  }

  values(): MapIterator<Value> {
    return this.#map.values()
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.#map[Symbol.iterator]()
  }
}

/** In order of insertion, as a `Set`. What is inserted in a loop over it, the loop may not see. */
export class ChurnSet<Value> {
  readonly #map = new ChurnMap<Value, true>()

  get size(): number {
    return this.#map.size
  }

  has(value: Value): boolean {
    return this.#map.has(value)
  }

  add(value: Value): void {
    this.#map.set(value, true)
  }

  delete(value: Value): boolean {
    return this.#map.delete(value)
  }

  clear(): void {
    this.#map.clear()
  }

  [Symbol.iterator](): MapIterator<Value> {
    return this.#map.keys()
  }
}
