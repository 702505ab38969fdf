import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { StreamRefused } from '../../wire/session/refused.ts'
import type { Choice, Routing } from '../routing.ts'
import { acceptConnection } from './accept.ts'
import { socketStream } from './upstream.ts'

const servers: (Server | http.Server)[] = []
const dialled: Socket[] = []
after(() => {
  for (const socket of dialled) socket.destroy()
  for (const server of servers) {
    server.close()
    if (server instanceof http.Server) server.closeAllConnections()
  }
})

async function listening<T extends Server | http.Server>(server: T): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  dialled.push(socket)
  await once(socket, 'connect')
  return socket
}

/** An HTTP server that says its name and what it was asked. */
function echo(name: string): http.Server {
  return http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    if (request.url === '/trailers') {
      response.writeHead(200, { Trailer: 'X-Sum', 'X-Case': 'Kept' })
      response.write('part one ')
      response.addTrailers({ 'X-Sum': '42' })
      response.end('part two')
      return
    }
    if (request.url === '/empty') return response.writeHead(204).end()
    if (request.url === '/big') return response.end(Buffer.alloc(3_000_000, 'x'))
    response.setHeader('x-name', name)
    response.end(`${name} ${request.method} ${request.url} ${body.length}`)
  })
}

interface Place {
  /** Port of the agent's listener. */
  port: number
  appPort: number
  laptopPort: number
  laptop: { up: boolean; opened: number }
}

/** App, laptop and between them the code under test: requests with `x-user: jane` go to the laptop. */
async function place(
  app: Server | http.Server = echo('app'),
  laptop: Server | http.Server = echo('laptop'),
): Promise<Place> {
  const appPort = await listening(app)
  const laptopPort = await listening(laptop)
  const state = { up: true, opened: 0 }
  const toLaptop: Choice = {
    to: 'laptop',
    key: 'i1',
    async open(data) {
      if (!state.up) throw new StreamRefused('ECONNREFUSED', 'nothing listens')
      state.opened++
      const stream = socketStream(await dial(laptopPort))
      stream.send(data)
      return stream
    },
  }
  const routing: Routing = {
    wanted: () => true,
    decide: (_port, { headers, path }) =>
      headers.get('x-user') === 'jane' && path !== '/health' ? toLaptop : { to: 'app' },
    decideRaw: () => ({ to: 'app' }),
    counts: { app: 0, laptop: 0, refused: 0 },
  }
  const port = await listening(
    createServer({ pauseOnConnect: true }, (client) =>
      acceptConnection(client, { host: '127.0.0.1', port: appPort }, routing),
    ),
  )
  return { port, appPort, laptopPort, laptop: state }
}

/** Sends bytes, closes the sending side, returns all that came. */
async function exchange(port: number, sent: string | Buffer, { end = true } = {}): Promise<string> {
  const socket = await dial(port)
  if (end) socket.end(sent)
  else socket.write(sent)
  return Buffer.concat(await socket.toArray()).toString('latin1')
}

const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: orders', ...headers, '', ''].join('\r\n')

describe('connections that were taken over', { timeout: 30_000 }, () => {
  it('requests of one connection go where each belongs, answers in order', async () => {
    const { port, laptop } = await place()
    const all = await exchange(
      port,
      get('/1') + get('/2', 'X-User: jane') + get('/3') + get('/4', 'X-User: jane') + get('/5', 'Connection: close'),
    )
    assert.deepEqual(all.match(/(app|laptop) GET \/\d/g), [
      'app GET /1',
      'laptop GET /2',
      'app GET /3',
      'laptop GET /4',
      'app GET /5',
    ])
    assert.equal(laptop.opened, 1)
  })

  it('what passes is what was sent, byte by byte', async () => {
    const { port, appPort } = await place()
    const undated = (text: string): string => text.replaceAll(/Date: .*\r\n/g, '')
    for (const request of [
      get('/trailers', 'Connection: close'),
      get('/empty', 'Connection: close'),
      get('/big', 'Connection: close'),
      `HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;a=b\r\nxyz\r\n0\r\nT: 1\r\n\r\n`,
      `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`,
      `GET /old HTTP/1.0\r\n\r\n`,
      `POST /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok`,
    ]) {
      assert.equal(undated(await exchange(port, request)), undated(await exchange(appPort, request)), request)
    }
  })

  it('a large body goes to the laptop whole', async () => {
    const { port } = await place()
    const body = Buffer.alloc(12 * 1024 * 1024, 'b')
    const head = `POST /up HTTP/1.1\r\nHost: x\r\nX-User: jane\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`
    assert.match(await exchange(port, Buffer.concat([Buffer.from(head), body])), /laptop POST \/up 12582912/)
  })

  it('a laptop on which nothing listens: the app answers, and again the laptop when it is back', async () => {
    const { port, laptop } = await place()
    laptop.up = false
    assert.match(await exchange(port, get('/1', 'X-User: jane', 'Connection: close')), /app GET/)
    laptop.up = true
    assert.match(await exchange(port, get('/1', 'X-User: jane', 'Connection: close')), /laptop GET/)
  })

  it('a laptop that is lost before it answers: 503 with a code; after: the answer is cut', async () => {
    const cutting = createServer((socket) => {
      socket.once('data', (bytes) => {
        if (bytes.includes('/late')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
        setImmediate(() => socket.resetAndDestroy())
      })
    })
    const { port } = await place(echo('app'), cutting)
    assert.match(
      await exchange(port, get('/1', 'X-User: jane'), { end: false }),
      /^HTTP\/1\.1 503 [\s\S]*x-remocal-error: RC-E-310/,
    )
    await assert.rejects(exchange(port, get('/late', 'X-User: jane'), { end: false }), /ECONNRESET/)
  })

  it('upgraded connections pass both ways', async () => {
    const server = http.createServer()
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
      socket.pipe(socket)
    })
    const { port } = await place(echo('app'), server)
    const socket = await dial(port)
    socket.write(get('/chat', 'X-User: jane', 'Upgrade: echo', 'Connection: Upgrade'))
    const [head] = await once(socket, 'data')
    assert.match(String(head), /^HTTP\/1\.1 101/)
    socket.end('hello')
    assert.equal(Buffer.concat(await socket.toArray()).toString(), 'hello')
  })

  it('what is not HTTP passes whole, also when the server speaks first', async () => {
    const raw = createServer((socket) => socket.on('data', (bytes) => socket.end(`got ${bytes}`)))
    assert.equal(await exchange((await place(raw)).port, 'EHLO me\r\n'), 'got EHLO me\r\n')
    const greeting = createServer((socket) => socket.end('220 ready\r\n'))
    assert.equal(await exchange((await place(greeting)).port, '', { end: false }), '220 ready\r\n')
  })

  it('a client that speaks late is read still', async () => {
    const { port } = await place()
    const socket = await dial(port)
    // Longer than the agent waits before it connects to the app: the pair of connections is there then.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    socket.write(get('/1', 'X-User: jane', 'Connection: close'))
    assert.match(Buffer.concat(await socket.toArray()).toString(), /laptop GET \/1/)
  })

  const REFUSED: [string, string, number][] = [
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    [
      'length and chunked',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['unknown coding', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n', 400],
    ['a bare line feed', 'GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n', 400],
    ['a NUL', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a huge head', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
  ]
  for (const [what, request, status] of REFUSED) {
    it(`${what} is refused with ${status} and never forwarded`, async () => {
      const app = http.createServer((_request, response) => response.end('forwarded'))
      const { port } = await place(app)
      const answer = await exchange(port, request, { end: false })
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(answer, /x-remocal-error: RC-E-320/)
    })
  }
})
