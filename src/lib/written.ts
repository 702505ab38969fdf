/** Lent bytes that were written to a socket; they are given back once all of them are gone. */
import type { Socket } from 'node:net'
import { giveBack, isLent } from './slab.ts'
import { unsentBytes } from './slab-socket.ts'

export class Written {
  readonly #to: Socket
  #bytes: Uint8Array[] = []

  constructor(to: Socket) {
    this.#to = to
  }

  add(bytes: Uint8Array): void {
    if (isLent(bytes)) this.#bytes.push(bytes)
  }

  /** Call after a write, and when the socket has drained. */
  settle(): void {
    if (this.#bytes.length === 0 || unsentBytes(this.#to) > 0 || this.#to.destroyed) return
    for (const bytes of this.#bytes) giveBack(bytes)
    this.#bytes = []
  }
}
