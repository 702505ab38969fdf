/** The first exchange of a connection that went over from HTTP/1.1 to HTTP/2 (RFC 7540 §3.2). */
import type { Stream } from '../../wire/session/contract.ts'

/** What has become of a connection of HTTP/1.1 by then. */
export interface Upgraded {
  /** The request as a block of HTTP/2, whole. */
  request: Buffer
  /** The client's, of HTTP2-Settings. */
  settings: Buffer
  app: Stream
  /** What came behind the app's 101, and behind the client's request. */
  fromApp: Buffer
  fromClient: Buffer
}
