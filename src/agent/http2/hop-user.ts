/** Who owns a hop, and what it is made with. */
import type { Budget } from '../../lib/budget.ts'
import type { Clock } from '../../lib/clock.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import type { Http2Error } from '../../lib/http2/http2-error.ts'
import type { FlowReset } from '../../wire/mux/contract.ts'
import type { HopStream } from './hop-stream.ts'

/** Who owns a hop. */
export interface HopUser {
  /** Server: the peer opened a stream. Throws `Http2Error` of the stream. */
  onOpen(stream: HopStream, block: FieldBlock, endStream: boolean): void
  /** The peer takes no stream above `lastStream`. */
  onGoaway(lastStream: number, code: number): void
  /** The peer said something new of what it takes. */
  onSettings(): void
  /** There is room for another stream, perhaps. */
  onStreamClosed(stream: HopStream): void
  /** The peer broke the protocol: it was told, and nothing of it is read any more. */
  onBroken(error: Http2Error): void
  onEnd(): void
  onClose(reason: FlowReset | undefined): void
  /** All that came together was read: what was made of it may be sent. */
  onRead(): void
}

export interface HopOptions {
  user: HopUser
  clock: Clock
  isServer: boolean
  windows: { stream: number; connection: number }
  /** For what waits here though its connection was given room for more. */
  held: Budget
  /** Server: streams that may be open at once. */
  maxStreams: number
}
