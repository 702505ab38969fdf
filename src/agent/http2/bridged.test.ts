/** Clients of HTTP/2 whose app or program speaks HTTP/1.1 only. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { createServer, type Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { acceptOf } from '../../lib/http2/bridge/upgrade.ts'
import { echo, place } from '../http/fixtures/place.ts'
import { ask, closeAll, h2Client, h2Echo, said } from './fixtures/place2.ts'
import { FLAGS, GET, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const JANE = { 'x-user': 'jane' }
const MOST = 64 * 1024 * 1024

test('a program that speaks HTTP/1.1 only is found out, and asked so', async () => {
  const { port, bridged } = await place(h2Echo('app'), echo('laptop'))
  const client = h2Client(port)
  assert.equal(await said(client, { ':path': '/a', ...JANE }), '200 laptop GET /a 0')
  assert.equal(
    await said(client, { ':method': 'POST', ':path': '/b', ...JANE }, 'x'.repeat(100_000)),
    '200 laptop POST /b 100000',
  )
  assert.equal(await said(client, { ':path': '/c' }), '200 app GET /c 0')
  assert.deepEqual(bridged, ['laptop http1', 'laptop http1'])
  assert.equal(await said(h2Client(port), { ':path': '/d', ...JANE }), '200 laptop GET /d 0')
})

test('an app that speaks HTTP/1.1 only', async () => {
  const { port } = await place(echo('app'), h2Echo('laptop'))
  const client = h2Client(port)
  const [first, big, trailers] = await Promise.all([
    said(client, { ':method': 'POST' }, 'x'.repeat(100_000)),
    ask(client, { ':path': '/big' }),
    ask(client, { ':path': '/trailers' }),
  ])
  assert.equal(first, '200 app POST / 100000')
  assert.equal(big.body.length, 3_000_000)
  assert.equal(trailers.body.toString(), 'part one part two')
  assert.equal(trailers.trailers['x-sum'], '42')
  const head = await ask(client, { ':method': 'HEAD' })
  assert.equal(head.headers[':status'], 200)
  assert.equal((await ask(client, { ':path': '/empty' })).headers[':status'], 204)
})

test('a program that declines, or does not listen', async () => {
  const declining = http.createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'x-remocal': 'decline' }).end())
  })
  const { port, laptop, rules } = await place(h2Echo('app'), declining)
  const client = h2Client(port)
  assert.equal(await said(client, { ':method': 'POST', ...JANE }, 'hello'), '200 app POST / 5')
  laptop.up = false
  assert.equal(await said(client, JANE), '200 app GET / 0')
  rules.ifDown = 'error'
  assert.equal((await ask(client, JANE)).headers['x-remocal-error'], 'RC-E-311')
})

test('a program that dies before it answers is 503; within its answer the stream breaks', async () => {
  const dying = http.createServer((request, response) => {
    if (request.url === '/begun') response.write('some of it', () => response.destroy())
    else request.socket.destroy()
  })
  const { port } = await place(h2Echo('app'), dying)
  const client = h2Client(port)
  assert.equal((await ask(client, JANE)).headers['x-remocal-error'], 'RC-E-310')
  const broken = client.request({ ':path': '/begun', ...JANE })
  const [error] = (await once(broken.resume(), 'error')) as [NodeJS.ErrnoException]
  assert.match(error.message, /INTERNAL_ERROR/)
  assert.equal(await said(client, {}), '200 app GET / 0')
})

test('WebSocket over HTTP/2 to a program of HTTP/1.1', async () => {
  const server = echo('app') as http.Server
  server.on('upgrade', (request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n')
    const accept = acceptOf(request.headers['sec-websocket-key'] ?? '')
    socket.write(`Sec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.pipe(socket)
  })
  const { port } = await place(server)
  const client = h2Client(port)
  await ask(client, { ':path': '/' })
  const stream = client.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/chat',
    ':scheme': 'http',
    ':authority': 'x',
  })
  const [headers] = (await once(stream, 'response')) as [{ ':status': number }]
  assert.equal(headers[':status'], 200)
  stream.write('hello')
  assert.equal((await once(stream, 'data')).toString(), 'hello')
  stream.end()
  await stream.resume().toArray()
})

test('an app that closes without a word is asked as HTTP/1.1, once', async () => {
  let connections = 0
  const app = createServer((socket) => {
    connections++
    socket
      .on('error', () => {})
      .once('data', (bytes) => {
        if (bytes.toString().startsWith('PRI')) socket.end()
        else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
  })
  const { port } = await place(app)
  assert.equal(await said(h2Client(port), {}), '200 ok')
  assert.equal(connections, 2)
})

test('a slow reader holds a program of HTTP/1.1 back', async () => {
  let written = 0
  const app = http.createServer((_request, response) => {
    const more = (): void => {
      while (written < MOST && response.write(Buffer.alloc(65_536))) written += 65_536
      written += 65_536
    }
    response.on('drain', more)
    more()
  })
  const { port } = await place(app)
  const client = h2Client(port)
  await once(client, 'connect')
  // Of the connection: what one stream does not read must not hold up the others.
  client.setLocalWindowSize(1024 * 1024)
  const stream = client.request({ ':path': '/' })
  await once(stream, 'response')
  let before = -1
  while (before !== written) {
    before = written
    await said(client, { ':path': '/x', 'x-user': 'jane' }).catch(() => '')
  }
  assert.ok(written < MOST / 2, `${written} bytes`)
})

for (const [what, isGranted] of [
  ['refused reaches nobody', false],
  ['granted follows', true],
] as const) {
  test(`what is said to a tunnel before it is ${what}`, async () => {
    const came = Promise.withResolvers<string>()
    const app = createServer(async (socket) => {
      let heard = ''
      socket.on('error', () => {})
      socket.on('data', (bytes: Buffer) => {
        heard += bytes.toString('latin1')
        // It takes no preface.
        if (heard.startsWith('PRI')) socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
        else if (heard.endsWith('\r\n\r\nearly')) came.resolve(heard)
        else if (heard.endsWith('\r\n\r\n')) answer(heard)
      })
      // All that the client has said has come when the client has its answer.
      socket.on('end', () => came.resolve(heard))
      const answer = (head: string): void => {
        const accept = acceptOf(/sec-websocket-key: (\S+)/.exec(head)?.[1] ?? '')
        const fields = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}`
        const begin = isGranted ? `101 Switching Protocols\r\n${fields}` : '404 Not Found\r\nContent-Length: 0'
        socket.write(`HTTP/1.1 ${begin}\r\n\r\n`)
      }
    })
    const { port } = await place(app)
    const client = await rawClient(port)
    client.headers(1, { ...GET, ':method': 'CONNECT', ':protocol': 'websocket' }, FLAGS.headers).data(1, 'early')
    assert.equal((await client.fields(1))[':status'], isGranted ? '200' : '404')
    client.socket.end()
    const heard = await came.promise
    assert.equal(heard.slice(heard.indexOf('\r\n\r\n') + 4), isGranted ? 'early' : '')
  })
}

test('interim answers without end to a client that reads nothing: their app is held', async () => {
  const { promise, resolve } = Promise.withResolvers<Socket>()
  const app = createServer(async (socket) => {
    socket.on('error', () => {})
    const [first] = (await once(socket, 'data')) as [Buffer]
    if (first.toString().startsWith('PRI')) socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
    else resolve(socket)
  })
  const { port } = await place(app)
  const client = await rawClient(port)
  client.headers(1, GET)
  client.socket.pause()
  const socket = await promise
  const interim = `HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(16_000)}\r\n\r\n`
  for (let n = 0; n < 4000 && socket.writableLength < 4 * 1024 * 1024; n++) {
    socket.write(interim)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(socket.writableLength > 1024 * 1024)
})
