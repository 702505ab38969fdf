/** What a client's connection is made with, whichever HTTP it speaks. */
import type { Socket } from 'node:net'
import type { Cancellation } from '../../lib/cancellation.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Stream } from '../../wire/session/contract.ts'
import type { Routing, Secure } from '../routing.ts'

export interface ConnectionOptions {
  client: Socket
  /** Cancelled when the client is gone. */
  gone: Cancellation
  port: number
  routing: Routing
  clock: Clock
  /** The client spoke TLS, which was ended. */
  secure?: Secure | undefined
  /** Opens a connection to the app. */
  connectApp(cancellation: Cancellation): Promise<Stream>
}
