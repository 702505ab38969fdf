import assert from 'node:assert/strict'
import { once } from 'node:events'
import type http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { Server, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { after, describe, it } from 'node:test'
import { type ConnectionOptions, connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { FakeClock } from '../../lib/fake-clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import { type Certificate, createAuthority, createCertificate } from '../../wire/session/authority.ts'
import type { FoundFiles } from '../app-files/search.ts'
import { closePlaces, dial, echo, get, type Place, place } from '../http/fixtures/place.ts'
import { h2Echo } from '../http2/fixtures/place2.ts'
import { AppTls } from './app-tls.ts'

const authority = createAuthority('shop')
const own = createCertificate(authority, 'orders', { hosts: ['orders.shop', 'other.shop'] })
const renewed = createCertificate(authority, 'orders', { hosts: ['orders.shop'] })

after(closePlaces)

/** What the pod's files hold. */
class Files {
  pems: Record<string, string>
  searches = 0

  constructor(pems: Record<string, string>) {
    this.pems = pems
  }

  async find(): Promise<FoundFiles> {
    this.searches++
    return { files: Object.entries(this.pems).map(([path, pem]) => ({ path, pem })), unreadable: [], left: 0 }
  }
}

interface SecurePlace extends Place {
  tls: AppTls
  /** Of what is known of the app. */
  now: FakeClock
  changes: () => number
}

async function securePlace(
  app: Server,
  files: Files | { problem: string },
  laptop: Server = echo('laptop'),
): Promise<SecurePlace> {
  const now = new FakeClock()
  let changes = 0
  const onChange = (): void => void changes++
  // What is known of the app ages as the test says; what it is waited for happens.
  const clock: Clock = { now: () => now.now(), after: systemClock.after, every: systemClock.every }
  const tls = new AppTls({ clock, logger: silentLogger, files, onChange })
  return { ...(await place(app, laptop, tls)), tls, now, changes: () => changes }
}

/** The same answers as `echo`, in TLS. */
function secureEcho(name: string, { cert, key }: Certificate, options: TlsOptions = {}): https.Server {
  const [listener] = echo(name).listeners('request') as [http.RequestListener]
  return https.createServer({ cert, key, ...options }, listener)
}

/** A client that verifies what it is shown. */
async function secureDial(port: number, asked: ConnectionOptions = {}): Promise<TLSSocket> {
  const options: ConnectionOptions = {
    port,
    host: '127.0.0.1',
    ca: authority.cert,
    servername: 'orders.shop',
    ...asked,
  }
  const socket = connect(options)
  await once(socket, 'secureConnect')
  return socket
}

async function ask(socket: TLSSocket, request: string): Promise<string> {
  socket.end(request)
  return Buffer.concat(await socket.toArray()).toString('latin1')
}

const problemOf = ({ tls, appPort }: SecurePlace): string => tls.problem(appPort) ?? ''
const KEYS = { '/tls/tls.key': own.key }
const ABOUT = get('/1', 'X-User: jane', 'Connection: close')

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

  it('without the key connections stay encrypted, and it is said why', async () => {
    const other = createCertificate(authority, 'other', { hosts: ['other.shop'] })
    const at = await securePlace(secureEcho('app', own), new Files({ '/tls/other.key': other.key }))
    assert.match(await ask(await secureDial(at.port), ABOUT), /app GET/)
    assert.match(problemOf(at), /^RC-E-330: .*CN=orders.*keys that do not fit: \/tls\/other\.key/)
    assert.equal(at.changes(), 2)
  })

  it('files that cannot be read are said to be that', async () => {
    const at = await securePlace(secureEcho('app', own), { problem: 'no shell' })
    assert.match(await ask(await secureDial(at.port), ABOUT), /app GET/)
    assert.match(problemOf(at), /^RC-E-331: .*no shell/)
  })

  it('a certificate that is renewed is found at the first connection to the app that shows it', async () => {
    const app = secureEcho('app', own)
    const files = new Files(KEYS)
    const at = await securePlace(app, files)
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
    app.setSecureContext({ cert: renewed.cert, key: renewed.key })
    files.pems = { '/tls/tls.key': renewed.key }
    at.now.advance(5000)
    assert.match(await ask(await secureDial(at.port), get('/1', 'Connection: close')), /app GET/)
    const socket = await secureDial(at.port)
    assert.equal(socket.getPeerX509Certificate()?.subjectAltName, 'DNS:orders.shop')
    assert.match(await ask(socket, ABOUT), /laptop GET/)
  })

  it('one whose key is not there yet is not answered for, and connections after that stay encrypted', async () => {
    const app = secureEcho('app', own)
    const files = new Files(KEYS)
    const at = await securePlace(app, files)
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
    app.setSecureContext({ cert: renewed.cert, key: renewed.key })
    at.now.advance(5000)
    await assert.rejects(ask(await secureDial(at.port), get('/1', 'Connection: close')), /ECONNRESET/)
    assert.match(await ask(await secureDial(at.port), ABOUT), /app GET/)
    assert.match(problemOf(at), /^RC-E-330/)
    files.pems = { '/tls/tls.key': renewed.key }
    at.now.advance(10_000)
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
    assert.equal(problemOf(at), '')
  })

  it('sessions with the app are resumed', async () => {
    const app = secureEcho('app', own)
    const resumed: boolean[] = []
    app.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()))
    const at = await securePlace(app, new Files(KEYS))
    for (let n = 0; n < 3; n++)
      assert.match(await ask(await secureDial(at.port), get('/1', 'Connection: close')), /app GET/)
    // The first is the question how it answers.
    assert.deepEqual(resumed, [false, false, true, true])
  })

  it('each server name gets the certificate that the app has for it', async () => {
    const second = createCertificate(authority, 'second', { hosts: ['second.shop'] })
    const app = secureEcho('app', own)
    app.addContext('second.shop', { cert: second.cert, key: second.key })
    const at = await securePlace(app, new Files({ '/a': own.key, '/b': second.key }))
    for (const [servername, name] of [
      ['second.shop', 'second'],
      ['orders.shop', 'orders'],
    ]) {
      const socket = await secureDial(at.port, { servername })
      assert.equal(socket.getPeerX509Certificate()?.subject, `CN=${name}`)
      assert.match(await ask(socket, ABOUT), /laptop GET/)
    }
  })

  it('the application protocol is the one that the app chooses, of those that can be read', async () => {
    const app = http2.createSecureServer({ cert: own.cert, key: own.key, allowHTTP1: true })
    app.on('request', (request, response) => response.end(`app ${request.method} ${request.httpVersion}`))
    const at = await securePlace(app, new Files(KEYS))
    const both = await secureDial(at.port, { ALPNProtocols: ['h2', 'http/1.1'] })
    assert.equal(both.alpnProtocol, 'h2')
    const client = http2.connect('https://orders.shop', { createConnection: () => both })
    const stream = client.request({ ':path': '/' })
    assert.equal(Buffer.concat(await stream.toArray()).toString(), 'app GET 2.0')
    client.destroy()
    const old = await secureDial(at.port, { ALPNProtocols: ['http/1.1'] })
    assert.match(await ask(old, get('/', 'Connection: close')), /app GET 1\.1/)
  })

  it('a client that the app has no protocol for is refused by it, and says nothing of the others', async () => {
    const at = await securePlace(secureEcho('app', own, { ALPNProtocols: ['http/1.1'] }), new Files(KEYS))
    const refused = { code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' }
    await assert.rejects(secureDial(at.port, { ALPNProtocols: ['h2'] }), refused)
    await assert.rejects(secureDial(at.port, { ALPNProtocols: ['other'] }), refused)
    assert.equal(problemOf(at), '')
    assert.match(await ask(await secureDial(at.port), ABOUT), /laptop GET/)
    // What it would have had for this one cannot be read.
    await assert.rejects(secureDial(at.port, { ALPNProtocols: ['h2', 'other'] }), refused)
    assert.match(problemOf(at), /RC-E-33/)
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
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n')
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

const clients = createAuthority('clients')
const jane = createCertificate(clients, 'jane', {})

/** An app that verifies its clients, and says who they are. */
function verifying(options: TlsOptions): https.Server {
  const settings = { cert: own.cert, key: own.key, ca: authority.cert, requestCert: true, ...options }
  return https.createServer(settings, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    response.end(`app ${request.method} of ${subject?.CN ?? 'nobody'}`)
  })
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  describe(`an app that verifies its clients, ${version}`, { timeout: 30_000 }, () => {
    const versions = { minVersion: version, maxVersion: version }
    const files = new Files({ ...KEYS, '/tls/ca.crt': `${authority.cert}${clients.cert}` })
    const known = createCertificate(authority, 'known', {})

    it('gets its clients verified by its own authorities, and sees its own certificate', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: true }), files)
      const credentials = { cert: known.cert, key: known.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /laptop GET/)
      const plain = get('/', 'Connection: close')
      assert.match(await ask(await secureDial(at.port, credentials), plain), /app GET of orders/)
      const foreign = { cert: jane.cert, key: jane.key }
      await assert.rejects(secureDial(at.port, foreign).then((socket) => ask(socket, plain)))
      await assert.rejects(secureDial(at.port).then((socket) => ask(socket, plain)))
      assert.equal(problemOf(at), '')
      at.now.advance(10_000)
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /laptop GET/)
      await assert.rejects(secureDial(at.port).then((socket) => ask(socket, plain)))
      assert.equal(problemOf(at), '')
    })

    it('that lets clients without a certificate finish the handshake gets all of theirs: it may refuse them afterwards', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: false }), files)
      const credentials = { cert: known.cert, key: known.key }
      assert.match(await ask(await secureDial(at.port, credentials), get('/', 'Connection: close')), /of orders/)
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /laptop GET/)
      assert.equal(problemOf(at), '')
      const { length } = at.decided
      assert.match(await ask(await secureDial(at.port), ABOUT), /app GET of nobody/)
      assert.equal(at.decided.length, length)
      assert.match(problemOf(at), /^RC-E-335: .*prove nothing by a certificate go to the app/)
      const { changes } = at
      const before = changes()
      assert.match(await ask(await secureDial(at.port), ABOUT), /app GET of nobody/)
      assert.equal(changes(), before)
    })

    it('that lets everybody finish the handshake answers who has a foreign certificate too, as one who shows none', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: false }), files)
      const foreign = { cert: jane.cert, key: jane.key }
      assert.match(await ask(await secureDial(at.port, foreign), ABOUT), /app GET of nobody/)
      assert.match(problemOf(at), /^RC-E-335: .*prove nothing by a certificate go to the app/)
    })

    it("that lets everybody finish the handshake, and could not take its own certificate for a client's, is left alone", async () => {
      const at = await securePlace(verifying({ ...versions, ca: clients.cert, rejectUnauthorized: false }), files)
      const credentials = { cert: jane.cert, key: jane.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /app GET of jane/)
      assert.match(problemOf(at), /^RC-E-335: .*its own certificate/)
    })

    it('whose authorities are not in its files is left alone', async () => {
      const at = await securePlace(verifying({ ...versions, rejectUnauthorized: true }), new Files(KEYS))
      const credentials = { cert: known.cert, key: known.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /app GET of known/)
      assert.match(problemOf(at), /^RC-E-335: .*not among the pod's files/)
    })

    it("that does not take its own certificate for a client's is left alone", async () => {
      const at = await securePlace(verifying({ ...versions, ca: clients.cert, rejectUnauthorized: true }), files)
      const credentials = { cert: jane.cert, key: jane.key }
      assert.match(await ask(await secureDial(at.port, credentials), ABOUT), /app GET of jane/)
      assert.match(problemOf(at), /^RC-E-335: .*its own certificate/)
    })
  })
}

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
