/** Flow control from one hop to the other: nobody is sent more than he takes, and nobody waits for somebody else's slowness. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { afterEach, test } from 'node:test'
import { FLAG, FRAME, read32 } from '../../lib/http2/frame.ts'
import { PREFACE } from '../../lib/http2/preface.ts'
import { SETTING, settingsPayload } from '../../lib/http2/settings.ts'
import { place } from '../http/fixtures/place.ts'
import { beforeApp, beforeLaptop } from './fixtures/between.ts'
import { ask, closeAll, h2Client, h2Echo, h2Place, h2Server, said } from './fixtures/place2.ts'
import { FLAGS, GET, POST, RawPeer, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const JANE = { 'x-user': 'jane' }
const OK = { ':status': '200' }
const PIECE = Buffer.alloc(16_384, 'x')
const WINDOW = 256 * 1024

/** DATA of a stream until so much has come. */
async function take(peer: RawPeer, stream: number, bytes: number): Promise<void> {
  let taken = 0
  while (taken < bytes) taken += (await peer.frame(FRAME.DATA, stream)).payload.length
  assert.equal(taken, bytes)
}

const waiting = (peer: RawPeer, type: number, stream: number): number =>
  peer.frames.filter((frame) => frame.type === type && frame.stream === stream).length

test('what the app does not take waits, and the client gets no more room until it went on', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, POST, FLAGS.headers)
  for (let sent = 0; sent < WINDOW; sent += PIECE.length) client.data(1, PIECE)
  const server = await next()
  await take(server, 1, 65_535)
  await client.settled()
  const given = client.frames.filter(({ type, stream }) => type === FRAME.WINDOW_UPDATE && stream === 1)
  const room = given.reduce((sum, { payload }) => sum + read32(payload, 0), 0)
  assert.ok(room <= 65_535, `${room} bytes of room`)
  client.frames.length = 0
  server.four(FRAME.WINDOW_UPDATE, 0, WINDOW).four(FRAME.WINDOW_UPDATE, 1, WINDOW - 65_535)
  await take(server, 1, WINDOW - 65_535)
  assert.ok(read32((await client.frame(FRAME.WINDOW_UPDATE, 1)).payload, 0) >= WINDOW / 8)
})

test('DATA beyond the window is an error of its stream', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, POST, FLAGS.headers)
  for (let sent = 0; sent <= WINDOW; sent += PIECE.length) client.data(1, PIECE)
  assert.equal(await client.reset(1), 3)
  client.headers(3, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 3)
})

test('streams that wait for a slow laptop hold up no others, however much they are', async () => {
  const { client } = await beforeLaptop(h2Echo('app'))
  for (let stream = 1; stream < 21; stream += 2) {
    client.headers(stream, { ...POST, ...JANE }, FLAGS.headers)
    for (let sent = 0; sent < WINDOW; sent += PIECE.length) client.data(stream, PIECE)
    await client.settled()
  }
  client.headers(101, POST, FLAGS.headers).data(101, 'quick', FLAGS.end)
  assert.equal((await client.fields(101))['x-name'], 'app')
})

test('what a client does not take waits in order: octets, then trailers', async () => {
  const { client, next } = await beforeApp()
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 10]])).headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, OK, FLAGS.headers).data(1, 'twenty octets of data').headers(1, { 'grpc-status': '0' })
  await client.frame(FRAME.HEADERS, 1)
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'twenty oct')
  await client.settled()
  assert.equal(waiting(client, FRAME.HEADERS, 1), 0)
  client.four(FRAME.WINDOW_UPDATE, 1, 100)
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'ets of data')
  assert.equal((await client.frame(FRAME.HEADERS, 1)).flags & FLAG.END_STREAM, FLAG.END_STREAM)
})

test('a window that was lowered below nothing', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, OK, FLAGS.headers).data(1, PIECE)
  await take(client, 1, PIECE.length)
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 10_000]]))
  await client.settled()
  server.data(1, 'waits', FLAGS.end)
  await server.settled()
  client.four(FRAME.WINDOW_UPDATE, 1, PIECE.length - 10_000)
  await client.settled()
  assert.equal(waiting(client, FRAME.DATA, 1), 0)
  client.four(FRAME.WINDOW_UPDATE, 1, 2)
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'wa')
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, 10_003]]))
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'its')
})

test('padding counts for windows and is kept', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, POST, FLAGS.headers)
  const server = await next()
  // What comes before is kept, and sent as octets.
  await server.frame(FRAME.HEADERS, 1)
  const padded = Buffer.concat([Buffer.from([255]), Buffer.from('x'), Buffer.alloc(255)])
  for (let n = 0; n < 6000; n++) {
    client.data(1, padded, FLAGS.padded)
    if (n % 200 !== 199) continue
    for (let got = 0; got < 200; got++) assert.equal((await server.frame(FRAME.DATA, 1)).payload.length, 257)
    server.four(FRAME.WINDOW_UPDATE, 0, 200 * 257).four(FRAME.WINDOW_UPDATE, 1, 200 * 257)
  }
})

test('streams share a connection’s window in turn', async () => {
  const { client, next } = await beforeApp()
  client.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.INITIAL_WINDOW_SIZE, WINDOW]]))
  client.headers(1, GET).headers(3, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 3)
  for (const stream of [1, 3]) {
    server.headers(stream, OK, FLAGS.headers)
    for (let n = 0; n < 8; n++) server.data(stream, PIECE)
  }
  await server.settled()
  await take(client, 1, 65_535)
  for (let n = 0; n < 4; n++) client.four(FRAME.WINDOW_UPDATE, 0, PIECE.length)
  await client.settled()
  assert.ok(waiting(client, FRAME.DATA, 1) >= 1)
  assert.ok(waiting(client, FRAME.DATA, 3) >= 1)
})

test('peers that keep no table, or change its size', async () => {
  const { port } = await h2Place(h2Echo('app', { settings: { headerTableSize: 0 } }))
  const client = h2Client(port, { settings: { headerTableSize: 0 } })
  for (let n = 0; n < 3; n++) assert.equal(await said(client, { ':path': `/${n}`, 'x-a': 'b' }), `200 app GET /${n} 0`)
  for (const headerTableSize of [4096, 100]) {
    await new Promise<void>((resolve) => client.settings({ headerTableSize }, () => resolve()))
    assert.equal(await said(client, { 'x-a': 'b' }), '200 app GET / 0')
  }
})

test('heads that need many frames', async () => {
  const app = h2Server(
    (stream, headers) => {
      stream.respond({ ':status': 200, 'x-long': headers['x-long'] }, { endStream: true })
    },
    { maxHeaderListPairs: 1000 },
  )
  const { port } = await h2Place(app)
  const long = 'abc~'.repeat(15_000)
  const { headers } = await ask(h2Client(port), { 'x-long': long })
  assert.equal(headers['x-long'], long)
})

test('a client that half-closes while its answer waits for room: nobody will give any, so it is over', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, OK, FLAGS.headers)
  for (let n = 0; n < 5; n++) server.data(1, PIECE)
  await take(client, 1, 65_535)
  client.socket.end()
  await client.closed()
  await server.closed()
})

test('who takes 100 streams is asked no more, also before he has said so', async () => {
  const { promise, resolve } = Promise.withResolvers<RawPeer>()
  const silent = createServer((socket) => resolve(new RawPeer(socket, PREFACE.length)))
  const { port } = await place(silent)
  const client = await rawClient(port)
  for (let stream = 1; stream < 300; stream += 2) client.headers(stream, GET)
  await client.settled()
  const server = await promise
  await server.frame(FRAME.HEADERS, 199)
  server.send(FRAME.SETTINGS, 0, 0, settingsPayload([[SETTING.MAX_CONCURRENT_STREAMS, 100]]))
  await server.settled()
  assert.equal(server.frames.filter(({ type }) => type === FRAME.HEADERS).length, 99)
  server.headers(1, OK)
  await server.frame(FRAME.HEADERS, 201)
})
