/** Two links in one process, joined: what one sends the other receives on a later turn. For tests and in-process parts. */
import type { Link, LinkHandlers } from './link.ts'

const HIGH_BYTES = 256 * 1024

/** A joined pair. `reset` of one end resets the other. */
export function memoryPair(name = 'memory'): [Link, Link] {
  const left = new MemoryLink(`${name} left`)
  const right = new MemoryLink(`${name} right`)
  left.join(right)
  right.join(left)
  return [left, right]
}

class MemoryLink implements Link {
  readonly name: string
  #far: MemoryLink | undefined
  #handlers: LinkHandlers | undefined
  #inbox: Buffer[] = []
  #inboxBytes = 0
  #paused = false
  #scheduled = false
  #farBlocked = false
  #sending = true
  /** Undefined while open; the far end's word, told after the inbox is empty. */
  #ending: { reason?: Error } | undefined
  #closed = false

  constructor(name: string) {
    this.name = name
  }

  join(far: MemoryLink): void {
    this.#far = far
  }

  bind(handlers: LinkHandlers): void {
    this.#handlers = handlers
    this.#schedule()
  }

  send(...pieces: Uint8Array[]): boolean {
    let takesMore = true
    for (const bytes of pieces) if (!this.#pass(bytes)) takesMore = false
    return takesMore
  }

  #pass(bytes: Uint8Array): boolean {
    return !this.#sending || this.#far === undefined || this.#far.#take(bytes)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  close(): void {
    if (!this.#sending) return
    this.#sending = false
    if (this.#far !== undefined) this.#far.#end({})
    this.#end({})
  }

  reset(reason: Error): void {
    if (this.#closed) return
    this.#sending = false
    if (this.#far !== undefined) this.#far.#abort(new Error(`${this.name} was reset`))
    this.#abort(reason)
  }

  #take(bytes: Uint8Array): boolean {
    if (this.#closed) return true
    // A copy, as on every other link: the sender may use its memory again once the bytes are acknowledged.
    this.#inbox.push(Buffer.from(bytes))
    this.#inboxBytes += bytes.byteLength
    this.#schedule()
    if (this.#inboxBytes < HIGH_BYTES) return true
    this.#farBlocked = true
    return false
  }

  #end(ending: { reason?: Error }): void {
    this.#sending = false
    this.#ending ??= ending
    this.#schedule()
  }

  #abort(reason: Error): void {
    this.#inbox = []
    this.#inboxBytes = 0
    this.#sending = false
    this.#ending = { reason }
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#handlers === undefined) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    const handlers = this.#handlers
    if (handlers === undefined || this.#closed) return
    while (!this.#paused) {
      const bytes = this.#inbox.shift()
      if (bytes === undefined) break
      this.#inboxBytes -= bytes.length
      handlers.onData(bytes)
      if (this.#closed) return
    }
    if (this.#farBlocked && this.#inboxBytes < HIGH_BYTES / 2) {
      this.#farBlocked = false
      const far = this.#far
      if (far !== undefined) setImmediate(() => far.#drained())
    }
    if (this.#ending !== undefined && this.#inbox.length === 0) {
      this.#closed = true
      handlers.onClose(this.#ending.reason)
    }
  }

  #drained(): void {
    if (!this.#closed && this.#sending) this.#handlers?.onDrain()
  }
}
