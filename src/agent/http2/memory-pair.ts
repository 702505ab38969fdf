/** Two ends of a connection within this process. What one sends, the other gets when the caller is done. */
import type { FlowHandlers, FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'

/** So much waits before `send` asks to wait. */
const FULL_BYTES = 256 * 1024

export function memoryPair(): [Stream, Stream] {
  const one = new End()
  const other = new End()
  one.peer = other
  other.peer = one
  return [one, other]
}

class End implements Stream {
  peer: End | undefined
  #handlers: FlowHandlers | undefined
  /** What came and was not given on. */
  #came: Uint8Array[] = []
  #cameBytes = 0
  #hasEnded = false
  #gotEnd = false
  #isPaused = true
  #isAwaited = false
  #isDue = false
  #closed: { reason: FlowReset | undefined } | undefined

  bind(handlers: FlowHandlers): void {
    this.#handlers = handlers
    if (this.#closed !== undefined) handlers.onClose(this.#closed.reason)
  }

  send(bytes: Uint8Array): boolean {
    if (this.#hasEnded || this.#closed !== undefined) return true
    return this.peer?.take(bytes) ?? true
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#schedule()
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.peer?.takeEnd()
  }

  reset(code: FlowReset['code'], message = ''): void {
    this.close({ code, message })
    this.peer?.close({ code, message })
  }

  take(bytes: Uint8Array): boolean {
    this.#came.push(bytes)
    this.#cameBytes += bytes.length
    this.#schedule()
    if (this.#cameBytes < FULL_BYTES) return true
    this.#isAwaited = true
    return false
  }

  takeEnd(): void {
    this.#gotEnd = true
    this.#schedule()
  }

  drained(): void {
    if (this.#closed === undefined) this.#handlers?.onDrain()
  }

  close(reason: FlowReset | undefined): void {
    if (this.#closed !== undefined) return
    this.#closed = { reason }
    this.#came = []
    queueMicrotask(() => this.#handlers?.onClose(reason))
  }

  #schedule(): void {
    if (this.#isDue || this.#isPaused) return
    this.#isDue = true
    queueMicrotask(() => this.#give())
  }

  #give(): void {
    this.#isDue = false
    const came = this.#came
    this.#came = []
    for (const bytes of came) {
      if (this.#isPaused || this.#closed !== undefined) this.#came.push(bytes)
      else {
        this.#cameBytes -= bytes.length
        this.#handlers?.onData(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
      }
    }
    if (this.#closed !== undefined) return
    if (this.#isAwaited && this.#cameBytes < FULL_BYTES) {
      this.#isAwaited = false
      this.peer?.drained()
    }
    if (this.#cameBytes === 0 && this.#gotEnd && !this.#isPaused) this.#giveEnd()
  }

  #giveEnd(): void {
    this.#gotEnd = false
    this.#handlers?.onEnd()
    if (!this.#hasEnded) return
    this.close(undefined)
    this.peer?.close(undefined)
  }
}
