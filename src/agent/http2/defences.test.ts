/** What a client may waste (RFC 9113 §10.5): beyond that it is told to calm down, and counted. */
import assert from 'node:assert/strict'
import { afterEach, describe, it, test } from 'node:test'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FRAME } from '../../lib/http2/frame.ts'
import { PREFACE } from '../../lib/http2/preface.ts'
import { dial, place } from '../http/fixtures/place.ts'
import { beforeApp } from './fixtures/between.ts'
import { closeAll, h2Echo, h2Place, h2Server } from './fixtures/place2.ts'
import { block, FLAGS, GET, gathering, POST, RawPeer, rawClient, rawServer } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const silent = (): ReturnType<typeof h2Server> => h2Server(() => {})

const FLOODS: [what: string, frames: number, flood: (client: RawPeer, n: number) => unknown][] = [
  ['rapid reset', 1100, (c, n) => c.headers(2 * n + 1, GET).four(FRAME.RST_STREAM, 2 * n + 1, ERROR_CODE.CANCEL)],
  ['SETTINGS', 1100, (c) => c.send(FRAME.SETTINGS, 0, 0)],
  ['PING', 110_000, (c) => c.send(FRAME.PING, 0, 0, Buffer.alloc(8))],
  ['WINDOW_UPDATE', 110_000, (c) => c.four(FRAME.WINDOW_UPDATE, 0, 1)],
  ['PRIORITY', 1100, (c) => c.send(FRAME.PRIORITY, 0, 1, Buffer.alloc(5))],
  ['unknown frames', 11_000, (c) => c.send(0xf0, 0, 0)],
  ['empty DATA', 1100, (c, n) => (n === 0 ? c.headers(1, POST, FLAGS.headers) : c.data(1, ''))],
  ['streams beyond the limit', 2200, (c, n) => c.headers(2 * n + 1, POST, FLAGS.headers)],
  ['malformed requests', 1100, (c, n) => c.headers(2 * n + 1, { ':method': 'GET' })],
  [
    'CONTINUATION',
    50,
    (c, n) => (n === 0 ? c.headers(1, GET, 0) : c.send(FRAME.CONTINUATION, 0, 1, Buffer.alloc(1, 0x82))),
  ],
  [
    'a block without an end',
    20,
    (c, n) => (n === 0 ? c.headers(1, GET, 0) : c.send(FRAME.CONTINUATION, 0, 1, block({ x: 'y'.repeat(16_000) }))),
  ],
]

describe('a flood of', () => {
  for (const [what, frames, flood] of FLOODS) {
    it(what, async () => {
      const { port, counts } = await place(silent())
      const client = await rawClient(port)
      client.socket.cork()
      for (let n = 0; n < frames; n++) flood(client, n)
      client.socket.uncork()
      assert.equal((await client.goaway()).code, ERROR_CODE.ENHANCE_YOUR_CALM)
      await client.closed()
      assert.ok(counts.refused >= 1)
    })
  }
})

test('what comes slowly is no flood', async () => {
  const { port, clock } = await h2Place()
  const client = await rawClient(port)
  for (let second = 0; second < 30; second++) {
    for (let n = 0; n < 90; n++) client.send(FRAME.SETTINGS, 0, 0)
    await client.settled()
    clock.advance(1000)
  }
  assert.equal(client.isClosed, false)
})

test('room that is given back for DATA is no flood', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.socket.cork()
  server.headers(1, { ':status': '200' }, FLAGS.headers)
  for (let n = 0; n < 60_000; n++) server.data(1, 'x')
  server.socket.uncork()
  await server.settled()
  await client.settled()
  assert.equal(client.frames.filter(({ type }) => type === FRAME.DATA).length, 60_000)
  client.socket.cork()
  for (let n = 0; n < 60_000; n++) client.four(FRAME.WINDOW_UPDATE, 0, 1).four(FRAME.WINDOW_UPDATE, 1, 1)
  client.socket.uncork()
  await client.settled()
  assert.equal(client.isClosed, false)
})

test('a head over 64 KiB is 431, and the connection goes on', async () => {
  const { port, counts } = await h2Place()
  const client = await rawClient(port)
  const large = block({
    ...GET,
    ...Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`x${n}`, 'y'.repeat(15_000)])),
  })
  client.send(FRAME.HEADERS, FLAGS.end, 1, large.subarray(0, 16_384))
  for (let at = 16_384; at < large.length; at += 16_384) {
    const end = at + 16_384 >= large.length ? FLAGS.headers : 0
    client.send(FRAME.CONTINUATION, end, 1, large.subarray(at, at + 16_384))
  }
  assert.equal((await client.fields(1))[':status'], '431')
  client.headers(3, GET)
  assert.equal((await client.fields(3))['x-name'], 'app')
  assert.equal(counts.refused, 1)
})

test('open streams with too many header fields: the next one is refused, and the connection goes on', async () => {
  const { port, counts } = await place(rawServer(() => {}))
  const client = await rawClient(port)
  const head = { ...POST, ...Object.fromEntries(Array.from({ length: 4 }, (_, n) => [`x${n}`, 'y'.repeat(15_000)])) }
  const large = block(head)
  const open = Math.floor((16 * 1024 * 1024) / large.length)
  for (let stream = 1; stream <= 2 * open + 1; stream += 2) {
    for (let at = 0; at < large.length; at += 16_384) {
      const type = at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION
      client.send(type, at + 16_384 >= large.length ? FLAGS.headers : 0, stream, large.subarray(at, at + 16_384))
    }
  }
  assert.equal(await client.reset(2 * open + 1), ERROR_CODE.REFUSED_STREAM)
  assert.equal(counts.refused, 1)
  client.four(FRAME.RST_STREAM, 1, ERROR_CODE.CANCEL)
  client.headers(2 * open + 3, POST, FLAGS.headers)
  await client.settled()
  assert.equal(counts.refused, 1)
})

test('open streams with thousands of small fields count what these take', async () => {
  const { port, counts } = await place(rawServer(() => {}))
  const client = await rawClient(port)
  const head = block({ ...POST, ...Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, ''])) })
  for (let stream = 1; counts.refused === 0; stream += 2) {
    assert.ok(stream < 400, 'some 16 MiB')
    await client.send(FRAME.HEADERS, FLAGS.headers, stream, head).settled()
  }
  client.four(FRAME.RST_STREAM, 1, ERROR_CODE.CANCEL).headers(401, POST, FLAGS.headers)
  await client.settled()
  assert.equal(counts.refused, 1)
})

test('what some connections hold leaves others room', async () => {
  const { port, counts } = await place(rawServer(() => {}))
  const head = { ...POST, ...Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, ''])) }
  for (let n = 0; n < 5; n++) {
    const client = await rawClient(port)
    for (let stream = 1; stream < 400; stream += 2) client.headers(stream, head, FLAGS.headers)
    await client.settled()
  }
  const { refused } = counts
  assert.ok(refused > 0)
  const client = await rawClient(port)
  client.headers(1, head, FLAGS.headers)
  await client.settled()
  assert.equal(counts.refused, refused)
})

test('a block that has begun and is not whole a minute later is refused', async () => {
  const { port, clock, counts } = await h2Place()
  const client = await rawClient(port)
  client.send(FRAME.PING, 0, 0, Buffer.alloc(8)).headers(1, GET, 0)
  await client.frame(FRAME.PING)
  clock.advance(60_000)
  assert.equal(client.isClosed, false)
  clock.advance(60_000)
  assert.equal((await client.goaway()).code, ERROR_CODE.ENHANCE_YOUR_CALM)
  assert.equal(counts.refused, 1)
})

test('a client that says its preface and no more is refused after a minute', async () => {
  const { port, clock } = await h2Place()
  const client = new RawPeer(await dial(port))
  client.socket.write(PREFACE)
  await client.frame(FRAME.SETTINGS)
  clock.advance(60_000)
  assert.equal((await client.goaway()).code, ERROR_CODE.ENHANCE_YOUR_CALM)
})

test('a client that is idle stays', async () => {
  const { port, clock } = await h2Place()
  const client = await rawClient(port)
  await client.settled()
  for (let n = 0; n < 5; n++) clock.advance(60_000)
  await client.settled()
})

test('a client that never reads its answers holds a bounded number of them', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  client.socket.pause()
  // 16 MiB of interim answers: no window holds them back but the connection to the app.
  const interim = block({ ':status': '103', link: 'x'.repeat(16_000) })
  let written = 0
  server.socket.on('drain', () => {})
  while (written < 1500 && server.socket.writableLength < 4 * 1024 * 1024) {
    server.send(FRAME.HEADERS, FLAGS.headers, 1, interim)
    written++
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(server.socket.writableLength > 1024 * 1024, 'the app is held')
})

test('a stream’s errors of the app are the client’s as INTERNAL_ERROR', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, { ':status': '200', Bad: 'x' })
  assert.equal(await client.reset(1), ERROR_CODE.INTERNAL_ERROR)
  assert.equal(await server.reset(1), ERROR_CODE.PROTOCOL_ERROR)
})

test('an app that breaks the protocol is told, and its streams end', async () => {
  const app = gathering()
  const { port } = await place(app.server, h2Echo('laptop'))
  const client = await rawClient(port)
  client.headers(1, GET)
  const server = await app.next()
  await server.frame(FRAME.HEADERS, 1)
  server.send(FRAME.PUSH_PROMISE, 4, 1, Buffer.alloc(4))
  assert.equal((await server.goaway()).code, ERROR_CODE.PROTOCOL_ERROR)
  await client.closed()
})
