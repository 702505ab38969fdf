/** TLS 1.3 over a link, with the far end's key checked before anything it says is believed. */
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import { linkDuplex } from '../link/duplex.ts'
import type { Link } from '../link/link.ts'
import { tcpLink } from '../link/tcp.ts'
import type { Identity, PeerKey, VerifyPeer } from './contract.ts'
import { peerKeyOf } from './peer-key.ts'

export interface SecureOptions {
  side: 'client' | 'server'
  identity: Identity
  verify: VerifyPeer
  signal: AbortSignal
}

/** Rejects with why the far end was not believed, why the link ended, or the signal's reason; the link is closed then. */
export async function secure(link: Link, options: SecureOptions): Promise<{ link: Link; peer: PeerKey }> {
  const { side, identity, verify, signal } = options
  const duplex = link.takeSocket?.() ?? linkDuplex(link)
  // The certificate chain is not what is trusted: `verify` is asked about the key itself, below.
  const common = { secureContext: contextOf(identity), requestCert: true, rejectUnauthorized: false }
  const socket =
    side === 'client'
      ? connect({ ...common, socket: duplex, servername: '' })
      : new TLSSocket(duplex, { ...common, isServer: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const give = (): void => reject(signal.reason as Error)
  const closed = (): void => reject(new Error(`${link.name} ended during the TLS handshake`))
  socket.once(side === 'client' ? 'secureConnect' : 'secure', resolve)
  socket.once('error', reject).once('close', closed)
  duplex.once('error', reject)
  signal.addEventListener('abort', give, { once: true })
  try {
    signal.throwIfAborted()
    await promise
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) throw new Error('the far end showed no certificate')
    const peer = peerKeyOf(certificate)
    const wrong = verify(peer)
    if (wrong !== undefined) throw new Error(wrong)
    return { link: tcpLink(socket, { name: `${link.name} (TLS)`, below: link }), peer }
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', give)
    socket.off('error', reject).off('close', closed)
    duplex.off('error', reject).on('error', (error) => socket.destroy(error))
  }
}

const contexts = new WeakMap<Identity, SecureContext>()

/** One for all sessions of an identity. */
function contextOf(identity: Identity): SecureContext {
  const known = contexts.get(identity)
  if (known !== undefined) return known
  const context = createSecureContext({
    key: identity.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: pemOf(identity.certificate),
    // Nobody's signature makes a key trusted, so no authorities are loaded: the public ones weigh 2 MB.
    ca: [],
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  })
  contexts.set(identity, context)
  return context
}

function pemOf(certificate: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`
}
