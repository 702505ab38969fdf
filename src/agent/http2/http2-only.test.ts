/** Clients of HTTP/1.1 whose program or app speaks HTTP/2 only. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { connect, createServer } from 'node:net'
import { afterEach, test } from 'node:test'
import { FRAME } from '../../lib/http2/frame.ts'
import { dial, echo, exchange, get, place } from '../http/fixtures/place.ts'
import { closeAll, h2Echo, h2Server } from './fixtures/place2.ts'
import { block, FLAGS, gathering } from './fixtures/raw-peer.ts'

const agents: http.Agent[] = []

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy()
  await closeAll()
})

const JANE = 'x-user: jane'
const CLOSE = 'Connection: close'

interface Asked {
  port: number
  agent?: http.Agent
  path?: string
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
}

/** A client that keeps its connection. */
function keeping(): http.Agent {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  agents.push(agent)
  return agent
}

async function answer({ body, headers, ...asked }: Asked): Promise<http.IncomingMessage & { body: Buffer }> {
  const request = http.request({ agent: false, ...asked, host: '127.0.0.1', headers: { 'x-user': 'jane', ...headers } })
  request.end(body)
  const [message] = (await once(request, 'response')) as [http.IncomingMessage]
  return Object.assign(message, { body: Buffer.concat(await message.toArray()) })
}

async function said(asked: Asked): Promise<string> {
  const { statusCode, body } = await answer(asked)
  return `${statusCode} ${body}`
}

test('a program that speaks HTTP/2 only is found out, and asked so', async () => {
  const { port, bridged, laptop } = await place(echo('app'), h2Echo('laptop'))
  const agent = keeping()
  assert.equal(await said({ port, agent, path: '/a' }), '200 laptop GET /a 0')
  assert.equal(await said({ port, agent, method: 'POST', body: 'x'.repeat(100_000) }), '200 laptop POST / 100000')
  assert.equal(await said({ port, agent, headers: { 'x-user': 'anna' } }), '200 app GET / 0')
  assert.deepEqual(bridged, ['laptop http2', 'laptop http2'])
  // What was found out is known to other connections; the first needed two.
  assert.equal(laptop.opened, 2)
  assert.equal(await said({ port, path: '/b' }), '200 laptop GET /b 0')
  assert.equal(laptop.opened, 3)
})

test('the first request has a body, in chunks or not', async () => {
  for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
    const { port } = await place(echo('app'), h2Echo('laptop'))
    const asked = { port, method: 'POST', path: '/up', headers, body: 'y'.repeat(30_000) }
    assert.equal(await said(asked), '200 laptop POST /up 30000')
  }
})

test('an app that speaks HTTP/2 only', async () => {
  const { port, bridged } = await place(h2Echo('app'), echo('laptop'))
  assert.match(await exchange(port, get('/', CLOSE)), /^HTTP\/1\.1 200 OK\r\n.*app GET \/ 0/s)
  assert.deepEqual(bridged, ['app http2'])
})

test('a first request that is too large to be sent once more is 503, and the next one is bridged', async () => {
  const slow = createServer((socket) => {
    let read = 0
    socket.on('data', (bytes) => {
      read += bytes.length
      if (read > 300_000 && socket.writable) socket.end(Buffer.from('000000040000000000', 'hex'))
    })
  })
  const { port } = await place(h2Echo('app'), slow)
  const anna = { port, method: 'POST', headers: { 'x-user': 'anna' }, body: 'hello' }
  for (const asked of [anna, { port, method: 'POST', body: Buffer.alloc(400_000) }]) {
    const { statusCode, headers } = await answer(asked)
    assert.deepEqual([statusCode, headers['x-remocal-error']], [503, 'RC-E-310'])
  }
  assert.equal(await said(anna), '200 app POST / 5')
})

test('bodies of any size pass both ways', async () => {
  const mirror = h2Server((stream) => {
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  })
  const { port } = await place(echo('app'), mirror)
  await said({ port })
  const agent = keeping()
  for (const size of [1, 16_384, 100_000, 12 * 1024 * 1024]) {
    const body = Buffer.alloc(size, 'abcdefghijk')
    const { body: came } = await answer({ port, agent, method: 'POST', body })
    assert.ok(came.equals(body), `${size} bytes`)
  }
})

test('HEAD, 204, a length, trailers both ways, interim answers', async () => {
  const program = h2Server(async (stream, headers) => {
    const path = headers[':path']
    if (path === '/204') stream.respond({ ':status': 204 }, { endStream: true })
    else if (path === '/length') {
      stream.respond({ ':status': 200, 'content-length': '5' }, { endStream: headers[':method'] === 'HEAD' })
      stream.end('hello')
    } else {
      let sum: unknown
      stream.on('trailers', (fields) => {
        sum = fields['x-sum']
      })
      stream.additionalHeaders({ ':status': 103, link: '</style>' })
      await stream.toArray()
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': String(sum) }))
      stream.end('body')
    }
  })
  const { port } = await place(echo('app'), program)
  const all =
    get('/length', JANE).replace('GET', 'HEAD') +
    get('/204', JANE) +
    get('/length', JANE) +
    'POST /t HTTP/1.1\r\nHost: orders\r\nx-user: jane\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n'
  const came = await exchange(port, all, { end: false })
  const heads = came.match(/HTTP\/1\.1 \d+/g)
  assert.deepEqual(heads, ['HTTP/1.1 200', 'HTTP/1.1 204', 'HTTP/1.1 200', 'HTTP/1.1 103', 'HTTP/1.1 200'])
  assert.match(came, /content-length: 5\r\n[\s\S]*HTTP\/1\.1 204/)
  assert.match(came, /\r\n\r\nhelloHTTP/)
  assert.match(came, /4\r\nbody\r\n0\r\nx-sum: 7\r\n\r\n$/)
})

test('a client that waits for 100 Continue gets it of the program', async () => {
  const program = http2.createServer((request, response) => {
    request.resume().on('end', () => response.end('thanks'))
  })
  const { port } = await place(echo('app'), program)
  const socket = await dial(port)
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nx-user: jane\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.equal(first.toString(), 'HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('ok')
  assert.match(((await once(socket, 'data')) as [Buffer])[0].toString(), /^HTTP\/1\.1 200 OK/)
})

test('fields of the connection stay behind, and nothing is smuggled', async () => {
  const seen: http2.IncomingHttpHeaders[] = []
  const program = h2Server((stream, headers) => {
    seen.push(headers)
    stream.respond({ ':status': 200 }, { endStream: true })
  })
  const { port } = await place(echo('app'), program)
  const fields = [
    'Connection: close, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: 5',
    'TE: trailers, gzip',
    'X-Kept: yes',
    'Upgrade: foo',
  ]
  await exchange(port, get('http://other/p?q', JANE, ...fields), { end: false })
  const { ':authority': authority, ':path': path, ':scheme': scheme, te, host, ...others } = seen[0] ?? {}
  assert.deepEqual(
    { authority, path, scheme, te, host },
    {
      ...{ authority: 'other', path: '/p?q', scheme: 'http', te: 'trailers', host: undefined },
    },
  )
  assert.equal(others['x-kept'], 'yes')
  for (const gone of ['connection', 'x-hop', 'keep-alive', 'upgrade', 'transfer-encoding'])
    assert.ok(!(gone in others), gone)
})

test('a program that declines, does not listen, or dies', async () => {
  const declining = h2Server(async (stream, headers) => {
    if (headers[':path'] === '/dies') stream.session?.destroy()
    else if (headers[':path'] === '/reset') stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    else {
      await stream.toArray()
      stream.respond({ ':status': 200, 'x-remocal': 'decline' }, { endStream: true })
    }
  })
  const { port, laptop, rules } = await place(echo('app'), declining)
  assert.equal(await said({ port, method: 'POST', body: 'hello' }), '200 app POST / 5')
  for (const path of ['/dies', '/reset']) {
    const { statusCode, headers } = await answer({ port, path })
    assert.deepEqual([statusCode, headers['x-remocal-error']], [503, 'RC-E-310'], path)
  }
  laptop.up = false
  assert.equal(await said({ port }), '200 app GET / 0')
  rules.ifDown = 'error'
  assert.equal((await answer({ port })).headers['x-remocal-error'], 'RC-E-311')
})

test('an answer that breaks off breaks the connection', async () => {
  const program = h2Server((stream) => {
    stream.respond({ ':status': 200 })
    stream.write('some', () => stream.session?.destroy())
  })
  const { port } = await place(echo('app'), program)
  await assert.rejects(exchange(port, get('/', JANE), { end: false }), { code: 'ECONNRESET' })
})

test('a program that was started anew as one of HTTP/1.1 is asked so', async () => {
  let current: http.Server | http2.Http2Server = h2Echo('laptop')
  const front = createServer((socket) => void current.emit('connection', socket))
  const { port } = await place(echo('app'), front)
  assert.equal(await said({ port }), '200 laptop GET / 0')
  current = echo('other')
  assert.equal(await said({ port, method: 'POST', body: 'abc' }), '200 other POST / 3')
  current = h2Echo('laptop')
  assert.equal(await said({ port, method: 'POST', body: 'abc' }), '200 laptop POST / 3')
})

test('a program that says GOAWAY gets what it has not looked at once more, on a new connection', async () => {
  const { server, next } = gathering()
  const known = h2Echo('laptop')
  let isKnown = false
  const front = createServer((socket) => void (isKnown ? server : known).emit('connection', socket))
  const { port } = await place(echo('app'), front)
  await said({ port })
  isKnown = true
  const asking = answer({ port, method: 'POST', body: 'hello' })
  const first = await next()
  await first.frame(FRAME.HEADERS, 1)
  first.send(FRAME.GOAWAY, 0, 0, Buffer.alloc(8))
  const second = await next()
  await second.frame(FRAME.HEADERS, 1)
  while ((await second.frame(FRAME.DATA, 1)).flags === 0);
  second.headers(1, { ':status': '204' })
  assert.equal((await asking).statusCode, 204)
})

test('WebSocket, where the program takes it', async () => {
  const program = h2Server(
    (stream, headers) => {
      if (headers[':method'] !== 'CONNECT') return void stream.respond({ ':status': 200 }, { endStream: true })
      stream.respond({ ':status': 200, 'x-protocol': `${headers[':protocol']} ${headers[':path']}` })
      stream.pipe(stream)
    },
    { settings: { enableConnectProtocol: true } },
  )
  const { port } = await place(echo('app'), program)
  const handshake = get(
    '/chat',
    ...[JANE, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  )
  const socket = await dial(port)
  socket.write(handshake)
  const [head] = (await once(socket, 'data')) as [Buffer]
  assert.match(head.toString(), /^HTTP\/1\.1 101 /)
  assert.match(head.toString(), /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
  assert.match(head.toString(), /x-protocol: websocket \/chat\r\n/)
  socket.write('hello')
  assert.equal(((await once(socket, 'data')) as [Buffer])[0].toString(), 'hello')
  socket.end('bye')
  assert.equal(Buffer.concat(await socket.toArray()).toString(), 'bye')
})

test('WebSocket, where the program does not take it, is 501', async () => {
  const { port } = await place(echo('app'), h2Echo('laptop'))
  const handshake = get(
    '/chat',
    JANE,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  )
  assert.match(await exchange(port, handshake, { end: false }), /^HTTP\/1\.1 501 [\s\S]*x-remocal-error: RC-E-320/)
})

test('CONNECT is a tunnel', async () => {
  const program = h2Server((stream, headers) => {
    stream.respond({ ':status': 200, 'x-to': `${headers[':authority']}` })
    stream.pipe(stream)
  })
  const { port } = await place(echo('app'), program)
  const socket = await dial(port)
  socket.write('CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\nx-user: jane\r\n\r\n')
  const [head] = (await once(socket, 'data')) as [Buffer]
  assert.match(head.toString(), /^HTTP\/1\.1 200 [\s\S]*x-to: db:5432\r\n/)
  socket.end('through')
  assert.equal(Buffer.concat(await socket.toArray()).toString(), 'through')
})

test('HTTP/1.0 gets an answer that its connection ends', async () => {
  const { port } = await place(echo('app'), h2Echo('laptop'))
  const came = await exchange(port, 'GET / HTTP/1.0\r\nx-user: jane\r\n\r\n', { end: false })
  assert.match(came, /^HTTP\/1\.1 200 OK\r\n[\s\S]*connection: close\r\n\r\nlaptop GET \/ 0$/)
})

test('a client that goes takes its stream with it, and one that is slow holds its program back', async () => {
  let written = 0
  const resets: number[] = []
  const program = h2Server((stream) => {
    stream.on('close', () => {
      resets.push(stream.rstCode)
      program.emit('over')
    })
    stream.respond({ ':status': 200 })
    const more = (): void => {
      while (written < 64 * 1024 * 1024 && stream.write(Buffer.alloc(65_536))) written += 65_536
      written += 65_536
    }
    stream.on('drain', more)
    more()
  })
  const { port } = await place(echo('app'), program)
  const socket = connect(port, '127.0.0.1')
  socket.write(get('/', JANE))
  await once(socket, 'readable')
  let before = -1
  while (before !== written) {
    before = written
    await said({ port, headers: { 'x-user': 'anna' } })
  }
  assert.ok(written < 32 * 1024 * 1024, `${written} bytes`)
  const over = once(program, 'over')
  socket.resetAndDestroy()
  await over
  assert.deepEqual(resets, [http2.constants.NGHTTP2_CANCEL])
})

test('interim answers without end to a client that reads nothing: their app is held', async () => {
  const app = gathering()
  const { port } = await place(app.server)
  const client = await dial(port)
  client.write(get('/'))
  // Which is asked in HTTP/1.1, and says that it speaks HTTP/2.
  await app.next()
  const server = await app.next()
  await server.frame(FRAME.HEADERS, 1)
  const interim = block({ ':status': '103', link: 'x'.repeat(16_000) })
  for (let n = 0; n < 4000 && server.socket.writableLength < 4 * 1024 * 1024; n++) {
    server.send(FRAME.HEADERS, FLAGS.headers, 1, interim)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(server.socket.writableLength > 1024 * 1024)
  client.resume()
  server.headers(1, { ':status': '204' })
  await server.settled()
})
