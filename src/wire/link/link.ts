/**
 * A link: one unreliable, ordered byte pipe between two ends. It may die at any moment; what was sent and not yet
 * delivered is then lost. It has no half-close: streams above it have.
 */

import type { Socket } from 'node:net'

export interface LinkHandlers {
  /** Bytes that arrived, in order. The callee may keep `bytes`; the link never writes into it again. */
  onData(bytes: Buffer): void
  /** `send` returned false before; now it may be called again. */
  onDrain(): void
  /** The link is gone. Called once, never before `bind`; `reason` is undefined after an orderly close. */
  onClose(reason?: Error): void
}

export interface Link {
  /** What the link is, for logs: `tcp 10.1.0.7:7070`, `port-forward remocal-manager-0`, `circuit agent/<uid>`. */
  readonly name: string
  /** So much it takes in one go without making late what comes behind. Undefined: it does not know. */
  readonly runBytes?: number
  /** Bytes that were sent and that it still refers to, at the end of all that was sent. Undefined: it copies. */
  readonly unwrittenBytes?: number
  /** Sets the handlers; until then nothing is delivered and nothing is lost. Called once. */
  bind(handlers: LinkHandlers): void
  /** Queues bytes, all in one go. The link owns them from here on. False: wait for `onDrain` (they were still taken). */
  send(...pieces: Uint8Array[]): boolean
  /** Stops `onData` soon; the sender is held back by it. */
  pause(): void
  resume(): void
  /** Ends after everything sent was handed on. Both ends get `onClose()`. */
  close(): void
  /** Instead of `bind`: the kernel's socket below, where the link is one, for TLS to run on without a detour. `reset` still works. */
  takeSocket?(): Socket
  /** Ends at once. Both ends get `onClose(reason)`; the far end's reason is its own. */
  reset(reason: Error): void
}
