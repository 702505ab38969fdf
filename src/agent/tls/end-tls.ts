/** TLS ended: a client's connection as the app itself would have answered it. */
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/clock.ts'
import { withReset } from '../../wire/session/tls-socket.ts'

export interface EndTlsOptions {
  /** Paused. */
  client: Socket
  /** What was read of it. */
  read: Buffer
  context: SecureContext
  /** The application protocol that the app chose. */
  protocol: string | undefined
  /** The client is asked for a certificate, which the context's authorities must have signed: one is required or not. Undefined: it is not asked. */
  asks: 'required' | 'wanted' | undefined
  clock: Clock
}

const HANDSHAKE_MS = 10_000

/**
 * @returns what the client says and is told, in the clear; paused. Whom its certificate is of is judged by `isProved`.
 * Rejects when the client breaks off, or is not whom the app would take.
 */
export async function endTls({ client, read, context, protocol, asks, clock }: EndTlsOptions): Promise<TLSSocket> {
  if (client.destroyed) throw new Error('the client is gone')
  client.unshift(read)
  const socket = withReset(
    new TLSSocket(client, {
      isServer: true,
      secureContext: context,
      requestCert: asks !== undefined,
      // OpenSSL refuses who shows none; what is shown is judged below.
      rejectUnauthorized: asks === 'required',
      ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
    }),
    client,
  )
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (error?: Error): void => reject(error ?? new Error('the client broke the handshake off'))
  const closed = (): void => fail()
  socket.once('secure', resolve).once('close', closed).on('error', fail)
  // Without a server of Node's around it, nobody else ends it for what OpenSSL finds wrong after the handshake.
  socket.on('_tlsError', (error: Error) => {
    fail(error)
    socket.destroy(error)
  })
  const timer = clock.after(HANDSHAKE_MS, () => fail(new Error('the client does not go on with the handshake')))
  let isSecure = false
  try {
    await promise
    isSecure = true
    if (asks === 'required' && !isProved(socket))
      throw new Error('the authorities have not signed the certificate of the client')
    socket.allowHalfOpen = true
    return socket.pause()
  } catch (error) {
    // What OpenSSL has to say of it is on its way.
    if (isSecure) socket.resetAndDestroy()
    else socket.destroy()
    throw error
  } finally {
    timer.cancel()
    socket.off('close', closed)
  }
}

/** What Node's TLS sockets have and do not declare: what OpenSSL found wrong with the peer's certificate. */
interface Inner {
  _handle: { verifyError(): Error | null } | null
}

/** Whether the client has shown a certificate that the authorities have signed. */
export function isProved(socket: TLSSocket): boolean {
  const { _handle: handle } = socket as unknown as Inner
  return socket.getPeerX509Certificate() !== undefined && handle !== null && handle.verifyError() === null
}
