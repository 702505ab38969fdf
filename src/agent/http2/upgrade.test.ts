/** Clients of HTTP/1.1 that offer to go over to HTTP/2 (RFC 7540 §3.2). */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { FRAME } from '../../lib/http2/frame.ts'
import { PREFACE } from '../../lib/http2/preface.ts'
import { SETTING, settingsPayload } from '../../lib/http2/settings.ts'
import { dial, echo, exchange, get, place } from '../http/fixtures/place.ts'
import { closeAll, h2Echo } from './fixtures/place2.ts'
import { FLAGS, GET, RawPeer } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
const CLIENT = settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 3]]).toString('base64url')
const OFFER = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', `HTTP2-Settings: ${CLIENT}`]

interface Taken {
  head: string
  peer: RawPeer
}

/** An app that takes offers: the next connection that went over. */
function taking(): { server: Server; next(): Promise<Taken> } {
  const { promise, resolve } = Promise.withResolvers<Taken>()
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    const [head] = (await once(socket, 'data')) as [Buffer]
    socket.write(SWITCHING)
    const peer = new RawPeer(socket, PREFACE.length)
    peer.send(FRAME.SETTINGS, 0, 0)
    resolve({ head: head.toString(), peer })
  })
  return { server, next: () => promise }
}

/** Reads the agent's 101, and is a peer of HTTP/2 from there on. */
async function over(socket: Socket): Promise<RawPeer> {
  while (socket.readableLength < SWITCHING.length) await once(socket, 'readable')
  assert.equal(socket.read(SWITCHING.length).toString(), SWITCHING)
  return new RawPeer(socket)
}

test('the app takes an offer: its answer is stream 1, and streams after it go where they belong', async () => {
  const app = taking()
  const { port, decided } = await place(app.server, h2Echo('laptop'))
  const socket = await dial(port)
  socket.write(get('/first', ...OFFER, 'X-A: b'))
  const { head, peer } = await app.next()
  const client = await over(socket)
  socket.write(PREFACE)
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 65_535]]))
  // The app is told what the agent can take, not what the client can.
  const own = Buffer.from(/HTTP2-Settings: (\S+)/.exec(head)?.[1] ?? '', 'base64url')
  assert.deepEqual(own, (await peer.frame(FRAME.SETTINGS)).payload)
  assert.match(head, /\r\nX-A: b\r\n/)
  peer.headers(1, { ':status': '200', 'x-name': 'app' }, FLAGS.headers).data(1, 'hello', FLAGS.end)
  assert.deepEqual(await client.fields(1), { ':status': '200', 'x-name': 'app' })
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'hello')
  client.headers(3, { ...GET, 'x-user': 'jane', ':path': '/second' })
  assert.equal((await client.fields(3))[':status'], '200')
  assert.equal((await client.frame(FRAME.DATA, 3)).payload.toString(), 'laptop GET /second 0')
  client.headers(5, { ...GET, ':path': '/third' })
  assert.equal((await peer.fields(5))[':path'], '/third')
  assert.deepEqual(decided, ['app GET /first', 'laptop GET /second', 'app GET /third'])
})

test('the answer keeps to the window that the client’s offer says', async () => {
  const app = taking()
  const { port } = await place(app.server)
  const socket = await dial(port)
  socket.write(get('/', ...OFFER))
  const { peer } = await app.next()
  const client = await over(socket)
  peer.headers(1, { ':status': '200' }, FLAGS.headers).data(1, 'hello', FLAGS.end)
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'hel')
  socket.write(PREFACE)
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 65_535]]))
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'lo')
})

test('what is for a laptop is asked in HTTP/1.1, and so is what an app answers that takes no offer', async () => {
  const heads: http.IncomingHttpHeaders[] = []
  const program = http.createServer((request, response) => {
    heads.push(request.headers)
    response.end('laptop')
  })
  const { port } = await place(echo('app'), program)
  const came = await exchange(
    port,
    get('/1', ...OFFER, 'X-User: jane') + get('/2', ...OFFER) + get('/3', 'Connection: close'),
    {
      end: false,
    },
  )
  assert.deepEqual(came.match(/laptop|app GET \/\d/g), ['laptop', 'app GET /2', 'app GET /3'])
  assert.equal(heads[0]?.upgrade, undefined)
  assert.equal(heads[0]?.['http2-settings'], undefined)
})

test('a request that the program declines may still go over with the app', async () => {
  const app = taking()
  const declining = http.createServer((_, response) => response.writeHead(200, { 'x-remocal': 'decline' }).end())
  const { port } = await place(app.server, declining)
  const socket = await dial(port)
  socket.write(get('/', ...OFFER, 'X-User: jane'))
  const { peer } = await app.next()
  const client = await over(socket)
  peer.headers(1, { ':status': '204' })
  assert.deepEqual(await client.fields(1), { ':status': '204' })
})

test('a client that says no preface is told so, and left', async () => {
  const app = taking()
  const { port, counts } = await place(app.server)
  const socket = await dial(port)
  socket.write(get('/', ...OFFER))
  await app.next()
  const client = await over(socket)
  socket.write(get('/smuggled'))
  assert.equal((await client.goaway()).code, 1)
  await client.closed()
  assert.equal(counts.refused, 1)
})

test('an app that takes what it was not offered gets a tunnel, as any protocol does', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end(`${SWITCHING}anything`))
  })
  const { port } = await place(server)
  const came = await exchange(port, get('/', 'Connection: Upgrade', 'Upgrade: other'), { end: false })
  assert.equal(came, `${SWITCHING}anything`)
})
