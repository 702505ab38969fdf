/** One connection whose TLS is ended here and begun again towards the app. */
import type { TLSSocket } from 'node:tls'
import type { Cancellation } from '../../lib/cancellation.ts'
import type { Stream } from '../../wire/session/contract.ts'
import type { Secure } from '../routing.ts'

export interface EndedTls {
  /** The client in the clear. */
  client: TLSSocket
  /** It shows no certificate to an app that asks for one: whether the app will answer it nobody can tell from here. */
  isUnproved: boolean
  secure: Secure
  /** Opens a connection to the app as the client had asked for one. */
  connectApp(cancellation: Cancellation): Promise<Stream>
}
