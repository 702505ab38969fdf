import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, describe, it } from 'node:test'
import { createServer, type Server, type TlsOptions } from 'node:tls'
import fc from 'fast-check'
import { systemClock } from '../../lib/clock.ts'
import { createAuthority, createCertificate } from '../../wire/session/authority.ts'
import { subjectOf } from './authorities.ts'
import { type AppAnswer, probeApp } from './probe.ts'
import { readServerFlight } from './server-flight.ts'

const root = createAuthority('root')
const own = createCertificate(root, 'own', { hosts: ['own.test'] })
const servers: Server[] = []

after(() => {
  for (const server of servers) server.close()
})

async function answerOf(options: TlsOptions, protocols: string[] = []): Promise<AppAnswer> {
  const server = createServer({ cert: own.cert + root.cert, key: own.key, ...options }, (socket) =>
    socket.on('error', () => {}),
  )
  servers.push(server)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return probeApp({ host: '127.0.0.1', port, servername: 'own.test', protocols, clock: systemClock })
}

const der = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64')
const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const

describe('what a server says in its handshake', { timeout: 30_000 }, () => {
  for (const options of [
    { maxVersion: 'TLSv1.2' } as const,
    ...SUITES.map((ciphers) => ({ minVersion: 'TLSv1.3', ciphers }) as const),
  ]) {
    it(`is read whatever it speaks: ${Object.values(options).join(' ')}`, async () => {
      const plain = await answerOf({ ...options, ALPNProtocols: ['b', 'a'] }, ['a', 'b'])
      assert.deepEqual(plain.chain, [der(own.cert), der(root.cert)])
      assert.equal(plain.protocol, 'b')
      assert.equal(plain.authorities, undefined)
      assert.equal(plain.accepts, true)

      const asking = await answerOf({ ...options, requestCert: true, rejectUnauthorized: true, ca: root.cert })
      assert.deepEqual(asking.chain, [der(own.cert), der(root.cert)])
      assert.equal(asking.protocol, undefined)
      assert.deepEqual(asking.authorities, [subjectOf(der(root.cert))])
      assert.equal(asking.accepts, false)

      const wanting = await answerOf({ ...options, requestCert: true, rejectUnauthorized: false, ca: root.cert })
      assert.deepEqual(wanting.authorities?.length, 1)
      assert.equal(wanting.accepts, true)
    })
  }

  it('of one that speaks no TLS there is nothing to be read', async () => {
    const server = (await import('node:net')).createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('220 hello\r\n'),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await assert.rejects(probeApp({ host: '127.0.0.1', port, servername: '', protocols: [], clock: systemClock }))
    server.close()
    await once(server, 'close')
    await assert.rejects(
      probeApp({ host: '127.0.0.1', port, servername: '', protocols: [], clock: systemClock }),
      /ECONNREFUSED/,
    )
  })

  it('any octets are read', () => {
    const hello = [22, 3, 3, 0, 60, 2, 0, 0, 38, 3, 3, ...Array(32).fill(0), 0, 0x13, 1, 0]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (octets, begun) => {
        const flight = readServerFlight(
          Buffer.from([...(begun ? hello : [22, 3, 3, 1, 0]), ...octets]),
          Buffer.alloc(32),
        )
        assert.ok(flight.chain.length < 256)
      }),
      { numRuns: 3000 },
    )
  })

  it('any octets have a subject or none', () => {
    const bytes = der(own.cert)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const changed = Buffer.from(bytes.subarray(0, length))
        if (at < length) changed[at] = value
        subjectOf(changed)
      }),
    )
  })
})
