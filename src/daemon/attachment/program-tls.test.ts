import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { createSecureServer as createHttp2Server } from 'node:http2'
import https from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { createAuthority, createCertificate } from '../../wire/session/authority.ts'
import { ProgramTls, type Secure } from './program-tls.ts'

const authority = createAuthority('laptop')
const { cert, key } = createCertificate(authority, 'program', { hosts: ['localhost'] })
const servers: Server[] = []
const SECURE: Secure = { servername: 'orders.shop', protocol: 'http/1.1' }

after(() => {
  for (const server of servers) server.close()
})

class TestProgram {
  readonly #server: Server
  port = 0
  opened = 0

  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => socket.on('error', () => {}))
    servers.push(server)
  }

  async start(): Promise<this> {
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    this.#server.close()
    if (this.#server instanceof http.Server || this.#server instanceof https.Server) this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  readonly open = async (): Promise<Socket> => {
    this.opened++
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    return socket.pause()
  }
}

async function ask(socket: Socket): Promise<string> {
  socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  return Buffer.concat(await socket.toArray()).toString()
}

describe('a program whose requests came in TLS', { timeout: 20_000 }, () => {
  const tls = (plaintext = false, now = (): number => 0): ProgramTls => new ProgramTls({ plaintext, now })

  it('gets TLS with the name and protocol of the client when it speaks it', async () => {
    const server = https.createServer({ cert, key, ALPNProtocols: ['http/1.1'] }, (request, response) => {
      const { servername, alpnProtocol } = request.socket as TLSSocket & { servername?: string }
      response.end(`${servername} ${alpnProtocol}`)
    })
    const program = await new TestProgram(server).start()
    const known = tls()
    for (let n = 1; n <= 2; n++) {
      assert.match(await ask(await known.connect(program.port, SECURE, program.open)), /orders\.shop http\/1\.1/)
      assert.equal(program.opened, n)
    }
  })

  it('refuses a protocol that it does not speak', async () => {
    const server = createHttp2Server({ cert, key }, (_, response) => response.end('h2'))
    const program = await new TestProgram(server).start()
    const refused = { code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' }
    await assert.rejects(tls().connect(program.port, SECURE, program.open), refused)
  })

  it('gets plain text when it speaks that, and is asked once', async () => {
    const program = await new TestProgram(http.createServer((_, response) => response.end('plain'))).start()
    const known = tls()
    for (let n = 1; n <= 3; n++) {
      assert.match(await ask(await known.connect(program.port, SECURE, program.open)), /plain/)
      assert.equal(program.opened, n + 1)
    }
  })

  it('is asked again when it was gone in between, and after a minute', async () => {
    const plain = await new TestProgram(http.createServer((_, response) => response.end('plain'))).start()
    let now = 0
    const known = tls(false, () => now)
    await ask(await known.connect(plain.port, SECURE, plain.open))
    await plain.stop()
    await assert.rejects(known.connect(plain.port, SECURE, plain.open), { code: 'ECONNREFUSED' })
    const secure = new TestProgram(https.createServer({ cert, key }, (_, response) => response.end('secure')))
    secure.port = plain.port
    await secure.start()
    assert.match(await ask(await known.connect(secure.port, SECURE, secure.open)), /secure/)
    await secure.stop()
    const again = new TestProgram(http.createServer((_, response) => response.end('plain')))
    again.port = plain.port
    await again.start()
    assert.match(await ask(await known.connect(again.port, SECURE, again.open)), /plain/)
    assert.equal(again.opened, 2)
    now = 60_000
    await ask(await known.connect(again.port, SECURE, again.open))
    assert.equal(again.opened, 4)
  })

  it('that only listens is taken for one that speaks no TLS', async () => {
    const program = await new TestProgram(createServer((socket) => void socket.resume())).start()
    const socket = await tls().connect(program.port, SECURE, program.open)
    assert.equal(program.opened, 2)
    socket.destroy()
  })

  it('that speaks TLS and refuses gets nothing in plain text', async () => {
    const server = createTlsServer({ cert, key, minVersion: 'TLSv1.3', ALPNProtocols: ['other'] })
    const program = await new TestProgram(server).start()
    await assert.rejects(tls().connect(program.port, SECURE, program.open), /alert|ALERT/)
    assert.equal(program.opened, 1)
  })

  it('is never asked when its user says that it speaks none', async () => {
    const program = await new TestProgram(http.createServer((_, response) => response.end('plain'))).start()
    assert.match(await ask(await tls(true).connect(program.port, SECURE, program.open)), /plain/)
    assert.equal(program.opened, 1)
  })
})
