/** Targets that go, refuse, or take less than was asked. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, test } from 'node:test'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FRAME, goawayPayload, MAX_31 } from '../../lib/http2/frame.ts'
import { SETTING, settingsPayload } from '../../lib/http2/settings.ts'
import { beforeApp, beforeLaptop } from './fixtures/between.ts'
import { closeAll, h2Client, h2Echo, h2Place } from './fixtures/place2.ts'
import { FLAGS, GET, gathering, POST, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const JANE = { 'x-user': 'jane' }
const OK = { ':status': '200' }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the app’s GOAWAY: streams above its last id are refused, and the next one opens another connection', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET).headers(3, GET)
  const first = await next()
  await first.frame(FRAME.HEADERS, 3)
  first.send(FRAME.GOAWAY, 0, 0, goawayPayload(1, ERROR_CODE.NO_ERROR))
  assert.equal(await client.reset(3), ERROR_CODE.REFUSED_STREAM)
  client.headers(5, GET)
  const second = await next()
  await second.frame(FRAME.HEADERS, 5)
  first.headers(1, OK)
  assert.equal((await client.fields(1))[':status'], '200')
  await first.closed()
  second.headers(5, OK)
  assert.equal((await client.fields(5))[':status'], '200')
})

test('the app’s GOAWAY: what waited for room there goes to another connection', async () => {
  const { client, next } = await beforeApp(settingsPayload([[SETTING.MAX_CONCURRENT_STREAMS, 1]]))
  client.headers(1, GET)
  const first = await next()
  await first.frame(FRAME.HEADERS, 1)
  await first.settled()
  client.headers(3, GET)
  await client.settled()
  first.send(FRAME.GOAWAY, 0, 0, goawayPayload(0, ERROR_CODE.NO_ERROR))
  assert.equal(await client.reset(1), ERROR_CODE.REFUSED_STREAM)
  const second = await next()
  await second.frame(FRAME.HEADERS, 3)
  second.headers(3, OK)
  assert.equal((await client.fields(3))[':status'], '200')
})

test('ids that are used up: what waited behind the last one goes to another connection', async () => {
  const { client, next, rules } = await beforeApp(settingsPayload([[SETTING.MAX_CONCURRENT_STREAMS, 1]]))
  rules.body = true
  client.headers(1, { ...POST, 'content-type': 'application/json' }, FLAGS.headers).headers(3, GET)
  const first = await next()
  await first.frame(FRAME.HEADERS, 3)
  await first.settled()
  client.headers(MAX_31, GET).data(1, '{}', FLAGS.end)
  await client.settled()
  first.headers(3, OK)
  await first.frame(FRAME.HEADERS, MAX_31)
  first.headers(MAX_31, OK)
  const second = await next()
  await second.frame(FRAME.HEADERS, 1)
  second.headers(1, OK)
  assert.equal((await client.fields(1))[':status'], '200')
})

test('the app refuses connections: the client sees its connection reset', async () => {
  const app = h2Echo('app')
  const { port } = await h2Place(app)
  app.close()
  await once(app, 'close')
  const client = h2Client(port)
  const closed = new Promise((resolve) => client.once('close', resolve))
  client.request({ ':path': '/' }).on('error', () => {})
  await closed
})

test('the app closes while nothing is asked: the client’s connection ends as it would directly', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, OK)
  await client.frame(FRAME.HEADERS, 1)
  server.socket.end()
  assert.deepEqual(await client.goaway(), { last: 1, code: ERROR_CODE.NO_ERROR })
  await client.closed()
})

test('the app is lost: its streams end with the connection, unless a laptop still answers one', async () => {
  const app = gathering()
  const { client, next } = await beforeLaptop(app.server)
  client.headers(1, GET).headers(3, { ...GET, ...JANE })
  const server = await app.next()
  const program = await next()
  await server.frame(FRAME.HEADERS, 1)
  await program.frame(FRAME.HEADERS, 3)
  server.socket.resetAndDestroy()
  assert.equal(await client.reset(1), ERROR_CODE.INTERNAL_ERROR)
  program.headers(3, OK)
  assert.equal((await client.fields(3))[':status'], '200')
})

test('the client goes: every target hears that its streams are given up', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, POST, FLAGS.headers)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  client.socket.resetAndDestroy()
  assert.equal(await server.reset(1), ERROR_CODE.CANCEL)
  await server.closed()
})

test('a client that half-closes still gets its answers; the app hears the half-close', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  client.socket.end()
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  await server.closed()
  server.headers(1, OK, FLAGS.headers).data(1, 'all of it', FLAGS.end)
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'all of it')
})

test('a client’s GOAWAY: what is under way ends, then the connection', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET).send(FRAME.GOAWAY, 0, 0, goawayPayload(0, ERROR_CODE.NO_ERROR))
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, OK)
  assert.equal((await client.fields(1))[':status'], '200')
  await client.closed()
  await server.closed()
})

test('MAX_CONCURRENT_STREAMS of a target: the rest waits, and the client is told', async () => {
  const { client, next } = await beforeApp(settingsPayload([[SETTING.MAX_CONCURRENT_STREAMS, 1]]))
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  await client.frame(FRAME.SETTINGS, 0)
  await client.frame(FRAME.SETTINGS, 0)
  const told = await client.frame(FRAME.SETTINGS, 0)
  assert.deepEqual(told.payload, settingsPayload([[SETTING.MAX_CONCURRENT_STREAMS, 1]]))
  client.headers(3, POST, FLAGS.headers).data(3, 'later', FLAGS.end)
  await client.settled()
  await server.settled()
  assert.equal(server.frames.filter(({ stream }) => stream === 3).length, 0)
  server.headers(1, OK)
  assert.equal((await server.frame(FRAME.DATA, 3)).payload.toString(), 'later')
})

test('resets pass both ways with their codes', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET).headers(3, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 3)
  client.four(FRAME.RST_STREAM, 1, ERROR_CODE.CANCEL)
  assert.equal(await server.reset(1), ERROR_CODE.CANCEL)
  server.four(FRAME.RST_STREAM, 3, 0xabcdef)
  assert.equal(await client.reset(3), 0xabcdef)
})

test('an answer that is whole before its request, then RST_STREAM NO_ERROR', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, POST, FLAGS.headers)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, { ':status': '413' }).four(FRAME.RST_STREAM, 1, ERROR_CODE.NO_ERROR)
  assert.equal((await client.fields(1))[':status'], '413')
  assert.equal(await client.reset(1), ERROR_CODE.NO_ERROR)
  client.data(1, 'more')
  await client.settled()
})

test('interim answers pass', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, { ...POST, expect: '100-continue' }, FLAGS.headers)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.headers(1, { ':status': '103', link: '</a.css>' }, FLAGS.headers).headers(1, OK)
  assert.equal((await client.fields(1))[':status'], '103')
  assert.equal((await client.fields(1))[':status'], '200')
})

test('extended CONNECT goes to who knows it, and 501 else', async () => {
  const app = gathering(settingsPayload([[SETTING.ENABLE_CONNECT_PROTOCOL, 1]]))
  const { client, next } = await beforeLaptop(app.server)
  const connect = { ...GET, ':method': 'CONNECT', ':protocol': 'websocket' }
  client.headers(1, connect, FLAGS.headers).headers(3, { ...connect, ...JANE }, FLAGS.headers)
  const server = await app.next()
  await next()
  assert.equal((await server.fields(1))[':protocol'], 'websocket')
  server.headers(1, OK, FLAGS.headers)
  assert.equal((await client.fields(3))[':status'], '501')
  client.data(1, 'to the app')
  assert.equal((await server.frame(FRAME.DATA, 1)).payload.toString(), 'to the app')
  server.data(1, 'and back', FLAGS.end)
  assert.equal((await client.frame(FRAME.DATA, 1)).payload.toString(), 'and back')
})

test('frames of unknown types pass on streams', async () => {
  const { client, next } = await beforeApp()
  client.headers(1, GET)
  const server = await next()
  await server.frame(FRAME.HEADERS, 1)
  server.send(0xfa, 0x7f, 1, Buffer.from('odd'))
  const odd = await client.frame(0xfa, 1)
  assert.deepEqual([odd.flags, odd.payload.toString()], [0x7f, 'odd'])
})

test('a request that was held for its body opens a stream though later ones were first', async () => {
  const { port, rules } = await h2Place()
  rules.body = true
  const client = await rawClient(port)
  client.headers(1, { ...POST, 'content-type': 'application/json' }, FLAGS.headers).headers(3, GET)
  assert.equal((await client.fields(3))['x-name'], 'app')
  client.data(1, '{"user":"anna"}', FLAGS.end)
  assert.equal((await client.fields(1))['x-name'], 'app')
  await turn()
})
