/** Who asks a target, and how that may be lost. */
import type { UpstreamHop } from './upstream-hop.ts'

/** Who asks something of a target. */
export interface Asker {
  /** It is an extended CONNECT, which not every target takes (RFC 8441 §3). */
  readonly needsConnectProtocol: boolean
  /** There is room for its stream. */
  begin(to: UpstreamHop): void
  /** The target was not reached, or is there no more; `heard`: it may have acted on what it was asked. */
  lost(from: UpstreamHop, how: Loss): void
  /** It speaks HTTP/2 and takes what it was asked. */
  heard(by: UpstreamHop): void
  /** The target is away: who has asked all waits no longer for an answer that has not begun. */
  away(): void
}

export type Loss =
  | { kind: 'not opened'; error: Error }
  /** It takes no more, and has not looked at this (RFC 9113 §6.8). */
  | { kind: 'unheard' }
  /** It does not speak HTTP/2, and so has not looked at this either. */
  | { kind: 'no http2' }
  /** Its connection for this one stream. */
  | { kind: 'broken'; why: string }
  /** It does not know extended CONNECT. */
  | { kind: 'unable' }
  /** `orderly`: closed, not reset. */
  | { kind: 'gone'; orderly: boolean; why: string }
