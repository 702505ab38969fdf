import assert from 'node:assert/strict'
import http2 from 'node:http2'
import { after, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createCertificate } from '../../wire/session/authority.ts'
import { closePlaces, get } from '../http/fixtures/place.ts'
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

const renewed = createCertificate(authority, 'orders', { hosts: ['orders.shop'] })
const checkServerIdentity = (): undefined => undefined

after(closePlaces)

describe('what TLS is ended with', { timeout: 30_000 }, () => {
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

  it('names that a client makes up put nothing out of memory that is asked for', async () => {
    const app = secureEcho('app', own)
    let asked = 0
    app.on('secureConnection', () => asked++)
    const at = await securePlace(app, new Files(KEYS))
    const ending = get('/1', 'Connection: close')
    const connections = async (servername: string): Promise<number> => {
      const before = asked
      assert.match(await ask(await secureDial(at.port, { servername, checkServerIdentity }), ending), /app GET/)
      return asked - before
    }
    // The first finds out how the app answers.
    assert.equal(await connections('orders.shop'), 2)
    for (let n = 0; n < 300; n++)
      (await secureDial(at.port, { servername: `made-up-${n}.shop`, checkServerIdentity })).destroy()
    assert.equal(await connections('orders.shop'), 1)
    // There is no place for it: each of its connections finds out by itself, and once.
    assert.equal(await connections('other.shop'), 2)
    assert.equal(await connections('other.shop'), 2)
    at.now.advance(50_000)
    assert.equal(await connections('orders.shop'), 2)
    // What nobody has asked for since makes room.
    at.now.advance(25_000)
    assert.equal(await connections('other.shop'), 2)
    assert.equal(await connections('other.shop'), 1)
    assert.equal(problemOf(at), '')
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
})
