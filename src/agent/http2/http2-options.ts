/** What a client's connection of HTTP/2 is made with. */
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import type { Stream } from '../../wire/session/contract.ts'
import type { Routing, Secure } from '../routing.ts'

export interface Http2Options {
  client: Socket
  port: number
  routing: Routing
  clock: Clock
  /** The TLS in which the client speaks, ended here. */
  secure?: Secure | undefined
  /** Opens a connection to the app. */
  connectApp(signal: AbortSignal): Promise<Stream>
}

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
