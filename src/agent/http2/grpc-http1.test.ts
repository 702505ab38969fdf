/** gRPC calls that belong to a program or an app of HTTP/1.1: nobody but the agent can answer them. */
import assert from 'node:assert/strict'
import http from 'node:http'
import http2 from 'node:http2'
import { createServer } from 'node:net'
import { afterEach, test } from 'node:test'
import { echo, place } from '../http/fixtures/place.ts'
import { Files, KEYS, own, securePlace } from '../tls/fixtures/secure-place.ts'
import { ask, closeAll, h2Client, h2Echo, said } from './fixtures/place2.ts'
import { FLAGS, GET, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const JANE = { 'x-user': 'jane' }
const CALL = { ':method': 'POST', ':path': '/shop.v1.Orders/Get', 'content-type': 'application/grpc', te: 'trailers' }

/** What it was asked beside prefaces of HTTP/2. */
function recording(name: string): { server: http.Server; asked: string[] } {
  const asked: string[] = []
  const server = echo(name)
  server.on('request', (request: http.IncomingMessage) => void asked.push(`${request.method} ${request.url}`))
  return { server, asked }
}

test('a call is answered and led to nobody, whether that is known or found out', async () => {
  const { server, asked } = recording('app')
  const { port, bridged } = await place(server)
  const client = h2Client(port)
  const found = await ask(client, CALL, 'x'.repeat(10))
  const known = await ask(client, CALL, 'x'.repeat(10))
  const next = await ask(h2Client(port), CALL, 'x'.repeat(10))
  for (const { headers, body } of [found, known, next]) {
    assert.equal(headers[':status'], 200)
    assert.equal(headers['content-type'], 'application/grpc')
    assert.equal(headers['grpc-status'], '14')
    assert.equal(headers['grpc-message'], 'RC-E-313: The app speaks HTTP/1.1 only, which has no gRPC.')
    assert.equal(body.length, 0)
  }
  assert.deepEqual(asked, [])
  assert.deepEqual(bridged, [])
  assert.equal(await said(client, { ':path': '/other' }), '200 app GET /other 0')
  assert.deepEqual(asked, ['GET /other'])
  assert.deepEqual(bridged, ['app http1'])
  assert.equal((await ask(client, CALL, '')).headers['x-remocal-error'], 'RC-E-313')
  assert.deepEqual(bridged, ['app http1'])
})

test('a call that goes on is answered at once', async () => {
  const { port } = await place(echo('app'))
  const client = await rawClient(port)
  client.headers(1, { ...GET, ...CALL }, FLAGS.headers).data(1, 'begun')
  assert.equal((await client.fields(1))['grpc-status'], '14')
})

test('a program that seemed to speak HTTP/1.1 only when it was started again is asked in HTTP/2 by the next call', async () => {
  let isUp = false
  const grpc = h2Echo('laptop')
  const restarting = createServer((socket) => {
    socket.on('error', () => {})
    if (isUp) grpc.emit('connection', socket)
    else socket.resume().end()
  })
  const { port, bridged } = await place(echo('app'), restarting)
  const client = h2Client(port)
  assert.equal((await ask(client, { ...CALL, ...JANE }, '1')).headers['x-remocal-error'], 'RC-E-313')
  isUp = true
  assert.equal(await said(client, { ...CALL, ...JANE }, '1'), '200 laptop POST /shop.v1.Orders/Get 1')
  assert.equal(await said(client, { ':path': '/a', ...JANE }), '200 laptop GET /a 0')
  assert.deepEqual(bridged, [])
})

test('a program that speaks HTTP/2 now is asked in it once more when half a minute is over', async () => {
  let speaks: http.Server | http2.Http2Server = http.createServer((_request, response) => response.end())
  const laptop = createServer((socket) => void speaks.emit('connection', socket))
  const { port, clock } = await place(echo('app'), laptop)
  const client = h2Client(port)
  assert.equal(await said(client, { ':path': '/a', ...JANE }), '200 ')
  speaks = h2Echo('laptop')
  assert.equal((await ask(client, { ...CALL, ...JANE }, '1')).headers['x-remocal-error'], 'RC-E-313')
  clock.advance(30_001)
  assert.equal(await said(client, { ...CALL, ...JANE }, '1'), '200 laptop POST /shop.v1.Orders/Get 1')
})

for (const first of ['calls', 'others']) {
  test(`a program that refuses HTTP/2 within TLS: first come ${first}`, async () => {
    const app = http2.createSecureServer({ ...own, allowHTTP1: true }, (_, response) => response.end('app'))
    const at = await securePlace(app, new Files(KEYS))
    at.laptop.protocol = 'http/1.1'
    const url = `https://127.0.0.1:${at.port}`
    const client = http2.connect(url, { rejectUnauthorized: false, servername: 'orders.shop' })
    const calls = async (): Promise<void> => {
      const answers = await Promise.all(['1', '2'].map((body) => ask(client, { ...CALL, ...JANE }, body)))
      for (const { headers } of answers) assert.equal(headers['x-remocal-error'], 'RC-E-313')
    }
    const others = async (): Promise<void> => {
      const answers = await Promise.all(['/a', '/b'].map((path) => said(client, { ':path': path, ...JANE })))
      assert.deepEqual(answers, ['200 laptop GET /a 0', '200 laptop GET /b 0'])
    }
    for (const made of first === 'calls' ? [calls, others] : [others, calls]) await made()
    assert.equal(at.laptop.opened, 2)
    client.close()
  })
}
