/** The dynamic table (RFC 7541 §2.3.2, §4): a ring, so that nothing moves when entries come and go. */
import type { HeaderField } from './header-field.ts'

/** What each entry counts beside its octets (RFC 7541 §4.1). */
export const ENTRY_BYTES = 32
const FEWEST = 16

export class DynamicTable {
  #ring: (HeaderField | undefined)[] = new Array(FEWEST).fill(undefined)
  #newest = 0
  #count = 0
  #bytes = 0
  #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get count(): number {
    return this.#count
  }

  /** Of all entries, as RFC 7541 §4.1 counts them. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param index 0 for the newest entry */
  get(index: number): HeaderField | undefined {
    if (index >= this.#count) return undefined
    return this.#ring[(this.#newest - index) & (this.#ring.length - 1)]
  }

  /** Whether a field of so many octets can be an entry; one that cannot empties the table (RFC 7541 §4.4). */
  holds(bytes: number): boolean {
    return bytes + ENTRY_BYTES <= this.#limit
  }

  /** @param field one that it `holds` */
  add(field: HeaderField): void {
    const bytes = field.bytes + ENTRY_BYTES
    this.#evict(this.#limit - bytes)
    if (this.#count === this.#ring.length) this.#grow()
    this.#newest = (this.#newest + 1) & (this.#ring.length - 1)
    this.#ring[this.#newest] = field
    this.#count++
    this.#bytes += bytes
  }

  resize(limit: number): void {
    this.#limit = limit
    this.#evict(limit)
  }

  clear(): void {
    this.#evict(0)
  }

  #evict(until: number): void {
    while (this.#count > 0 && this.#bytes > until) {
      this.#count--
      const at = (this.#newest - this.#count) & (this.#ring.length - 1)
      this.#bytes -= (this.#ring[at] as HeaderField).bytes + ENTRY_BYTES
      this.#ring[at] = undefined
    }
  }

  #grow(): void {
    const ring = new Array<HeaderField | undefined>(this.#ring.length * 2).fill(undefined)
    for (let index = 0; index < this.#count; index++) ring[this.#count - 1 - index] = this.get(index)
    this.#newest = this.#count - 1
    this.#ring = ring
  }
}
