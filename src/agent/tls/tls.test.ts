import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { after, describe, it } from 'node:test'
import { connect, createServer } from 'node:tls'
import { closePlaces, dial, get } from '../http/fixtures/place.ts'
import { h2Echo } from '../http2/fixtures/place2.ts'
import {
  ABOUT,
  ask,
  authority,
  Files,
  KEYS,
  own,
  problemOf,
  secureDial,
  secureEcho,
  securePlace,
} from './fixtures/secure-place.ts'

after(closePlaces)

describe('TLS that is ended and begun again', { timeout: 30_000 }, () => {
  it('requests of one connection go where each belongs; the client sees the certificate that the app has', async () => {
    const at = await securePlace(secureEcho('app', own), new Files(KEYS))
    const socket = await secureDial(at.port)
    assert.equal(socket.getPeerX509Certificate()?.subject, 'CN=orders')
    const all = await ask(socket, get('/1') + get('/2', 'X-User: jane') + get('/3', 'Connection: close'))
    assert.deepEqual(all.match(/(app|laptop) GET \/\d/g), ['app GET /1', 'laptop GET /2', 'app GET /3'])
    assert.deepEqual(at.secured, [{ servername: 'orders.shop', protocol: undefined }])
    assert.equal(problemOf(at), '')
  })

  it('a program that takes another HTTP in TLS than its client agreed on is asked in that', async () => {
    const at = await securePlace(secureEcho('app', own), new Files(KEYS), h2Echo('laptop'))
    at.laptop.protocol = 'h2'
    const socket = await secureDial(at.port, { ALPNProtocols: ['http/1.1'] })
    assert.match(await ask(socket, get('/1', 'X-User: jane') + ABOUT), /laptop GET \/1 0.*laptop GET \/1 0/s)
    assert.deepEqual(at.secured, [{ servername: 'orders.shop', protocol: 'h2' }])
    assert.deepEqual(at.bridged, ['laptop http2', 'laptop http2'])
    // The other way round.
    const app = http2.createSecureServer({ ...own, allowHTTP1: true }, (_, response) => response.end('app'))
    const other = await securePlace(app, new Files(KEYS))
    other.laptop.protocol = 'http/1.1'
    const client = http2.connect(`https://127.0.0.1:${other.port}`, { ca: authority.cert, servername: 'orders.shop' })
    const stream = client.request({ ':path': '/2', 'x-user': 'jane' })
    assert.equal(Buffer.concat(await stream.toArray()).toString(), 'laptop GET /2 0')
    client.close()
    assert.deepEqual(other.secured, [{ servername: 'orders.shop', protocol: 'http/1.1' }])
  })

  it('a port is known to be plain until a client speaks TLS there', async () => {
    const at = await securePlace(secureEcho('app', own), new Files(KEYS))
    assert.equal(at.tls.isPlain(at.appPort), false)
    const plain = await dial(at.port)
    plain.end(get('/1', 'X-User: jane', 'Connection: close'))
    assert.match(Buffer.concat(await plain.toArray()).toString(), /laptop GET/)
    assert.equal(at.tls.isPlain(at.appPort), true)
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
    assert.equal(at.tls.isPlain(at.appPort), false)
    assert.equal(at.changes(), 2)
  })

  it('large bodies pass whole both ways', async () => {
    const at = await securePlace(secureEcho('app', own), new Files(KEYS))
    const body = 'b'.repeat(12 * 1024 * 1024)
    const post = (...headers: string[]): string =>
      [
        `POST /up HTTP/1.1`,
        'Host: x',
        ...headers,
        'Connection: close',
        `Content-Length: ${body.length}`,
        '',
        body,
      ].join('\r\n')
    assert.match(await ask(await secureDial(at.port), post('X-User: jane')), /laptop POST \/up 12582912/)
    assert.match(await ask(await secureDial(at.port), post()), /app POST \/up 12582912/)
    const big = await ask(await secureDial(at.port), get('/big', 'Connection: close'))
    assert.equal(big.length - big.indexOf('\r\n\r\n') > 3_000_000, true)
  })

  it('where nobody wants to look inside, bytes pass as they are and nothing is searched', async () => {
    const files = new Files(KEYS)
    const at = await securePlace(secureEcho('app', own), files)
    at.rules.inside = undefined
    assert.match(await ask(await secureDial(at.port), ABOUT), /app GET/)
    assert.equal(files.searches, 0)
    assert.equal(at.decided.length, 0)
  })

  it('a client that is silent at first is looked into too', async () => {
    const app = secureEcho('app', own)
    const at = await securePlace(app, new Files(KEYS))
    const asked = once(app, 'connection')
    const silence = at.silence()
    const below = await dial(at.port)
    await silence
    await asked
    const socket = connect({ socket: below, ca: authority.cert, servername: 'orders.shop' })
    assert.match(await ask(socket, ABOUT), /laptop GET/)
  })

  it('octets that no key of the connection has sealed end it', async () => {
    const at = await securePlace(secureEcho('app', own), new Files(KEYS))
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const below = await dial(at.port)
      const socket = connect({ socket: slowly(below).left, ca: authority.cert, servername: 'orders.shop', maxVersion })
      await once(socket, 'secureConnect')
      // Octets behind the bad ones would meet a connection that is closed, and reset it.
      await new Promise((resolve) => socket.write('GET / HTTP/1.1\r\nHost: x\r\n', resolve))
      below.write(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 7)]))
      const over = once(below.resume(), 'end')
      await assert.rejects(once(socket, 'end'), /alert bad record mac/)
      below.resume()
      await over
    }
  })

  it('what is no HTTP goes on in TLS to the app', async () => {
    const app = createServer({ cert: own.cert, key: own.key }, (socket) => socket.pipe(socket))
    const at = await securePlace(app, new Files(KEYS))
    assert.equal(await ask(await secureDial(at.port), '*1\r\n$4\r\nPING\r\n'), '*1\r\n$4\r\nPING\r\n')
    assert.equal(problemOf(at), '')
  })

  it('a client may say its hello octet by octet, and sessions are resumed', async () => {
    const at = await securePlace(secureEcho('app', own), new Files(KEYS))
    const { left, right } = slowly(await dial(at.port))
    const socket = connect({ socket: left, ca: authority.cert, servername: 'orders.shop', maxVersion: 'TLSv1.2' })
    let session: Buffer | undefined
    socket.on('session', (bytes) => {
      session = bytes
    })
    await once(socket, 'secureConnect')
    assert.match(await ask(socket, ABOUT), /laptop GET/)
    right.destroy()
    const again = await secureDial(at.port, { session, maxVersion: 'TLSv1.2' })
    assert.equal(again.isSessionReused(), true)
    assert.match(await ask(again, ABOUT), /laptop GET/)
  })

  it('an app that is gone: its clients are reset, and others are answered', async () => {
    const app = secureEcho('app', own)
    const at = await securePlace(app, new Files(KEYS))
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
    app.close()
    app.closeAllConnections()
    await assert.rejects(ask(await secureDial(at.port), get('/1', 'Connection: close')), /ECONNRESET/)
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
    at.now.advance(60_000)
    await assert.rejects(secureDial(at.port), /ECONNRESET/)
  })

  it("a client that goes in the middle of the handshake is nobody else's trouble", async () => {
    const at = await securePlace(secureEcho('app', own), new Files(KEYS))
    const below = await dial(at.port)
    const going = connect({ socket: slowly(below).left, ca: authority.cert, servername: 'orders.shop' })
    going.on('error', () => {})
    await once(below, 'data')
    below.resetAndDestroy()
    going.destroy()
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
  })
})

/** A connection that is written to one octet at a time. */
function slowly(right: Socket): { left: Duplex; right: Socket } {
  const left = new Duplex({
    read: () => void right.resume(),
    write(chunk: Buffer, _encoding, done) {
      for (const octet of chunk) right.write(Buffer.of(octet))
      done()
    },
    final: (done) => void right.end(done),
  })
  right.setNoDelay(true)
  right.on('data', (chunk: Buffer) => void left.push(chunk))
  right.on('end', () => left.push(null))
  return { left, right }
}
