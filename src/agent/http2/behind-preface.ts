/** A client that says its preface only now, having asked in HTTP/1.1 before (RFC 7540 §3.2). */
import { beginsWithPreface, PREFACE } from '../../lib/http2/preface.ts'
import type { FlowHandlers, FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'

/** Takes the preface away, then leaves the stream to who reads frames. */
export class BehindPreface implements FlowHandlers {
  readonly #stream: Stream
  readonly #frames: FlowHandlers
  readonly #onOther: () => void
  #bytes: Buffer = Buffer.alloc(0)

  /** @param onOther something else came */
  constructor(stream: Stream, frames: FlowHandlers, onOther: () => void) {
    this.#stream = stream
    this.#frames = frames
    this.#onOther = onOther
  }

  onData(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    const isPreface = beginsWithPreface(this.#bytes)
    if (isPreface === false) this.#onOther()
    if (isPreface !== true) return
    this.#stream.bind(this.#frames)
    this.#frames.onData(this.#bytes.subarray(PREFACE.length))
  }

  onEnd(): void {
    this.#frames.onEnd()
  }

  onDrain(): void {
    this.#frames.onDrain()
  }

  onClose(reason: FlowReset | undefined): void {
    this.#frames.onClose(reason)
  }
}
