import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket, connect as tcpConnect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect, TLSSocket } from 'node:tls'
import { type Certificate, createAuthority, createCertificate } from './authority.ts'
import { withReset } from './tls-socket.ts'

describe('a TLS socket that is reset', { timeout: 20_000 }, () => {
  const authority = createAuthority('test')
  const own: Certificate = createCertificate(authority, 'own', { hosts: ['own.test'] })
  const server = createServer()
  let port = 0

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })

  after(() => server.close())

  /** Both ends; the handshake is under way. */
  async function pair(maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<{ client: TLSSocket; accepted: TLSSocket }> {
    const taken = once(server, 'connection')
    const below = tcpConnect({ port, host: '127.0.0.1' })
    const options = { socket: below, ca: authority.cert, servername: 'own.test', maxVersion }
    const client = withReset(connect(options), below)
    const [raw] = (await taken) as [Socket]
    raw.on('error', () => {})
    const accepted = withReset(new TLSSocket(raw, { isServer: true, cert: own.cert, key: own.key }), raw)
    return { client, accepted }
  }

  const openHandles = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`at the end of the handshake: the other end hears of it, ${version}`, async () => {
      const { client, accepted } = await pair(version)
      // Within OpenSSL's own call, at once and as what comes next.
      accepted.once('secure', () => void Promise.resolve().then(() => accepted.resetAndDestroy()))
      const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException]
      assert.equal(error.code, 'ECONNRESET')
    })

    it(`by the client, when it gets its ticket, ${version}`, async () => {
      const { client, accepted } = await pair(version)
      accepted.on('data', () => {})
      client.once('session', () => client.resetAndDestroy())
      const [error] = (await once(accepted, 'error')) as [NodeJS.ErrnoException]
      assert.equal(error.code, 'ECONNRESET')
      assert.equal(client.destroyed, true)
    })

    it(`while it shuts down: it is closed, ${version}`, async () => {
      const { client, accepted } = await pair(version)
      accepted.on('error', () => {}).resume()
      await once(client, 'secureConnect')
      const before = openHandles()
      client.end('last')
      await new Promise((resolve) => setImmediate(resolve))
      client.resetAndDestroy()
      await once(client, 'close')
      while (openHandles() >= before) await new Promise((resolve) => setImmediate(resolve))
    })

    it(`while data comes, ${version}`, async () => {
      const { client, accepted } = await pair(version)
      client.once('secureConnect', () => client.write(Buffer.alloc(1_000_000)))
      accepted.once('data', () => accepted.resetAndDestroy())
      const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException]
      assert.match(error.code ?? '', /ECONNRESET|EPIPE/)
    })
  }
})
