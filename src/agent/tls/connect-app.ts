/** TLS begun again: a connection to the app as its client would make it. */
import { isIP, connect as tcpConnect } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { Cancellation } from '../../lib/cancellation.ts'
import { withReset } from '../../wire/session/tls-socket.ts'

export interface ConnectAppOptions {
  host: string
  port: number
  /** The client's. */
  servername: string
  /** Application protocols to offer. */
  protocols: readonly string[]
  cancellation: Cancellation
  /** The only certificate that is trusted (DER). */
  certificate: Buffer
  /** What this end shows when it is asked who it is. */
  own?: { cert: string; key: string }
  /** To be resumed; of a connection with this certificate. */
  session?: Buffer | undefined
  /** The app gave this to resume by. */
  onSession?: (session: Buffer) => void
}

const CONNECT_MS = 5000

/** The app serves another certificate than it did. */
export class CertificateChanged extends Error {}

/** @returns a paused socket. Rejects with a `CertificateChanged`, or with what OpenSSL or the kernel says. */
export async function connectAppTls(options: ConnectAppOptions): Promise<TLSSocket> {
  const { host, port, servername, protocols, cancellation, certificate, own, session, onSession } = options
  if (cancellation.reason !== undefined) throw cancellation.reason
  const below = tcpConnect({ host, port, noDelay: true, allowHalfOpen: true })
  const settings: ConnectionOptions = {
    socket: below,
    // Names and authorities are the client's to judge: this end knows the certificate itself.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(servername !== '' && isIP(servername) === 0 && { servername }),
    ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
    ...own,
    ...(session !== undefined && { session }),
  }
  const socket = withReset(connect(settings), below)
  const given: { session?: Buffer; isTrusted?: true } = {}
  socket.on('session', (bytes: Buffer) => {
    given.session = bytes
    if (given.isTrusted) onSession?.(bytes)
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('secureConnect', resolve).once('error', reject)
  socket.setTimeout(CONNECT_MS, () => reject(new Error('the app does not answer')))
  cancellation.whenCancelled(reject)
  try {
    await promise
    socket.setTimeout(0)
    // A session that is resumed shows no certificate: it began with the right one.
    const isRight = socket.isSessionReused() || socket.getPeerX509Certificate()?.raw.equals(certificate) === true
    if (!isRight) throw new CertificateChanged('the app serves another certificate')
    given.isTrusted = true
    if (given.session !== undefined) onSession?.(given.session)
    return socket.pause()
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  } finally {
    socket.off('error', reject)
    cancellation.forget(reject)
  }
}
