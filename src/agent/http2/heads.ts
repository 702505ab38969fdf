/** Memory of heads whose streams are open: each is kept while its stream may be led elsewhere. */
import { Budget } from '../../lib/budget.ts'

/** Of one connection. */
const MOST_BYTES = 16 * 1024 * 1024
/** What it has whatever others hold, and all together beyond that. */
const OWN_BYTES = 512 * 1024
const SHARED = new Budget(64 * 1024 * 1024)
/** Of more fields than messages have, each counts what it takes beside its octets. */
const USUAL_FIELDS = 64
const FIELD_BYTES = 400

/** What a head takes: its block, and its fields. */
export function headBytes(block: Buffer, fields: number): number {
  return block.length + Math.max(0, fields - USUAL_FIELDS) * FIELD_BYTES
}

export class Heads {
  #bytes = 0

  /** @returns false, and takes nothing, when there is no room */
  take(bytes: number): boolean {
    const all = this.#bytes + bytes
    if (all > MOST_BYTES || !SHARED.take(shared(all) - shared(this.#bytes))) return false
    this.#bytes = all
    return true
  }

  give(bytes: number): void {
    const left = this.#bytes - bytes
    SHARED.give(shared(this.#bytes) - shared(left))
    this.#bytes = left
  }
}

function shared(bytes: number): number {
  return Math.max(0, bytes - OWN_BYTES)
}
