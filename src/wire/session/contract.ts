/**
 * A session: an authenticated conversation of two ends. TLS 1.3 with keys pinned both ways on the link; a hello; then a
 * mux whose flows are the session's streams. Either end opens streams. Each stream starts with an `open` header that
 * names a service (`wire/messages/open.ts`) and is answered by a `reply` header before its data.
 */
import type { KeyObject } from 'node:crypto'
import type { Hello } from '../messages/hello.ts'
import type { OpenHeader, ReplyHeader } from '../messages/open.ts'
import type { FlowHandlers, ResetCode } from '../mux/contract.ts'

/** A key pair of one end. Ed25519. */
export interface Identity {
  readonly privateKey: KeyObject
  /** Base64 of the public key's SPKI DER: what Kubernetes objects and configs carry. */
  readonly publicKey: string
  /** DER of an X.509 certificate over the key: self-signed, or signed by the installation's key (managers). */
  readonly certificate: Buffer
}

/** Decides whether the far end's key is the expected one; returns why not, or undefined when it is. */
export type VerifyPeer = (peer: PeerKey) => string | undefined

export interface PeerKey {
  /** Base64 of SPKI DER. */
  readonly publicKey: string
  /** True when the installation's key signed the peer's certificate for `subject`. */
  signedBy(installationKey: string): boolean
  /** The certificate's common name: `manager/<pod name>` for managers; means nothing unless `signedBy` is true. */
  readonly subject: string
}

export interface Stream {
  /** Bytes in, back-pressure, half-close and reset as in a flow. */
  bind(handlers: FlowHandlers): void
  send(bytes: Uint8Array): boolean
  pause(): void
  resume(): void
  end(): void
  reset(code: ResetCode, message?: string): void
}

export interface SessionHandlers {
  /**
   * The far end opened a stream. Answer with `accept` (once) and use the stream it returns, or `refuse`. What the far
   * end sent is kept, within the flow's window, until the stream is bound. Opening never blocks other streams.
   */
  onStream(opening: Opening): void
  /** The link is gone; streams stand still until the next one is there, or the grace time is over. */
  onLost?(reason: Error): void
  /** Streams go on. */
  onBack?(): void
  /** Called once. `reason` is undefined when the far end or this one closed it in order. */
  onClose(reason?: Error): void
}

export interface Opening {
  readonly header: OpenHeader
  accept(reply?: ReplyHeader & { ok: true }): Stream
  refuse(code: string, message: string): void
  /** Aborted when the far end gives up before the answer. */
  readonly signal: AbortSignal
}

export interface OpenOptions {
  data?: Uint8Array
  signal?: AbortSignal
  /** Called at once: what is sent before the far end's reply saves a round trip. A far end that refuses drops it. */
  onOpened?(send: (bytes: Uint8Array) => void): void
  /** Called once when the stream is over, whoever reads it then, whatever the way. */
  onOver?(): void
}

export interface Session {
  readonly hello: Hello
  readonly peer: PeerKey
  bind(handlers: SessionHandlers): void
  /** Opens a stream; `data` travels with it. Resolves at the far end's reply. Rejects with a `StreamRefused` or when the session ends. */
  open(header: OpenHeader, options?: OpenOptions): Promise<{ stream: Stream; reply: ReplyHeader }>
  /** Streams that are open. */
  readonly size: number
  /** It has a link now. */
  readonly isLinked: boolean
  /** Client: goes over to the next link without a break, because a better one may be had. Resolves when that was tried. */
  renew(): Promise<void>
  /** Finds out within `limitMs` whether the link still lives: the network has changed. */
  probe(limitMs: number): void
  /** Last measured round trip in ms. The far end is asked each second; a link is dead after 3 s of silence. */
  readonly rttMs: number
  /** Milliseconds since the far end was last heard. */
  readonly silentMs: number
  close(reason?: Error): void
}
