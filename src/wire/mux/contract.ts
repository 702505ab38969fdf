/**
 * What a multiplexer offers: many flows over one link. Used twice: for the circuits on a carrier, and for the streams
 * of a session. Both sides may open flows. One flow never holds up another, and control frames go before bulk.
 */

export interface FlowHandlers {
  onData(bytes: Buffer): void
  /** The far end sends no more; this end still may. */
  onEnd(): void
  /** `send` returned false before; now there is room. */
  onDrain(): void
  /** The flow is over, once, whatever the way: `reason` is undefined when both ends ended it. */
  onClose(reason?: FlowReset): void
}

/** Why a flow ended before its time; `code` crosses the wire. */
export interface FlowReset {
  code: ResetCode
  message: string
}

/** Reset codes on the wire: a table of small numbers, never reused. */
export const RESET_CODES = {
  /** The end that opened or took the flow gave it up. */
  cancel: 1,
  /** Nobody listens for this flow, or its opening was refused. */
  refused: 2,
  /** The connection behind the flow was reset. */
  reset: 3,
  /** The link under the flow is gone. */
  lost: 4,
  /** The far end broke the protocol. */
  protocol: 5,
  /** A bound was reached. */
  limit: 6,
} as const
export type ResetCode = keyof typeof RESET_CODES

export interface Flow {
  readonly id: number
  bind(handlers: FlowHandlers): void
  /** Queues bytes; false: wait for `onDrain`. After `end` or `reset` it does nothing and returns true. */
  send(bytes: Uint8Array): boolean
  pause(): void
  resume(): void
  /** Half-close: this end sends no more. */
  end(): void
  reset(code: ResetCode, message?: string): void
}

export interface MuxHandlers {
  /**
   * The far end opened a flow. `header` is what it gave to `open` (≤ 16 KiB). The callee binds the flow before it
   * returns to the event loop; data that came with the opening follows by `onData`.
   */
  onFlow(flow: Flow, header: Buffer): void
  /** The mux is over and with it all flows (each was told first). */
  onClose(reason?: Error): void
}

export interface Mux {
  /** Opens a flow; `header` and `data` travel with the opening, so no round trip is spent. */
  open(header: Uint8Array, data?: Uint8Array): Flow
  /** Measures the round trip in milliseconds; rejects when the mux closes. */
  ping(): Promise<number>
  /** Flows that are open now. */
  readonly size: number
  /** Ends every flow and the link. */
  close(reason?: Error): void
}
