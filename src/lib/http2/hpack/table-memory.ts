/**
 * Memory for what entries of a dynamic table keep. Entries leave in the order in which they came, so that pieces of one slab after the other are let go
 * together: what a table holds, it holds in few slabs, and never in the buffer that a connection was read into.
 */
const SLAB_BYTES = 2048

export class TableMemory {
  #slab: Buffer = Buffer.alloc(0)
  #used = 0

  allocate(bytes: number): Buffer {
    if (bytes > SLAB_BYTES / 2) return Buffer.allocUnsafeSlow(bytes)
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const from = this.#used
    this.#used += bytes
    return this.#slab.subarray(from, this.#used)
  }
}
