/** How a laptop’s connection ends, and what becomes of its streams. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FRAME, goawayPayload } from '../../lib/http2/frame.ts'
import { place } from '../http/fixtures/place.ts'
import { beforeLaptop } from './fixtures/between.ts'
import { ask, closeAll, h2Client, h2Echo, said } from './fixtures/place2.ts'
import { FLAGS, GET, gathering, POST, rawClient } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const JANE = { 'x-user': 'jane' }
const OK = { ':status': '200' }

test('a laptop’s GOAWAY: what it has not looked at is asked once more on another connection', async () => {
  const { client, next } = await beforeLaptop()
  client.headers(1, { ...POST, ...JANE }, FLAGS.headers).data(1, 'body', FLAGS.end)
  const first = await next()
  await first.frame(FRAME.DATA, 1)
  first.send(FRAME.GOAWAY, 0, 0, goawayPayload(0, ERROR_CODE.NO_ERROR))
  const second = await next()
  assert.equal((await second.frame(FRAME.DATA, 1)).payload.toString(), 'body')
  second.headers(1, OK)
  assert.equal((await client.fields(1))[':status'], '200')
})

test('a program that never looks at anything is asked a few times only', async () => {
  const laptop = gathering()
  laptop.server.on('gathered', async () => {
    const peer = await laptop.next()
    await peer.frame(FRAME.HEADERS, 1)
    peer.send(FRAME.GOAWAY, 0, 0, goawayPayload(0, ERROR_CODE.NO_ERROR))
  })
  const { port } = await place(undefined, laptop.server)
  const client = await rawClient(port)
  client.headers(1, { ...GET, ...JANE })
  assert.equal(await client.reset(1), ERROR_CODE.REFUSED_STREAM)
})

test('a laptop that is lost before it answers: 503 with a code; other streams go on', async () => {
  const laptop = gathering()
  const { port } = await place(h2Echo('app'), laptop.server)
  const client = h2Client(port)
  const lost = ask(client, { ':method': 'POST', ...JANE }, 'x')
  const program = await laptop.next()
  await program.frame(FRAME.DATA, 1)
  program.socket.resetAndDestroy()
  const { headers } = await lost
  assert.equal(headers[':status'], 503)
  assert.equal(headers['x-remocal-error'], 'RC-E-310')
  assert.equal(await said(client, {}), '200 app GET / 0')
})

test('a laptop that is lost within its answer: the stream is broken, the connection is not', async () => {
  const { client, next } = await beforeLaptop(h2Echo('app'))
  client.headers(1, { ...GET, ...JANE })
  const program = await next()
  await program.frame(FRAME.HEADERS, 1)
  program.headers(1, OK, FLAGS.headers)
  await client.frame(FRAME.HEADERS, 1)
  program.socket.resetAndDestroy()
  assert.equal(await client.reset(1), ERROR_CODE.INTERNAL_ERROR)
  await client.settled()
})

test('a laptop that is away: whole requests are answered, others wait', async () => {
  const { client, next, away } = await beforeLaptop(h2Echo('app'))
  client.headers(1, { ...GET, ...JANE }).headers(3, { ...POST, ...JANE }, FLAGS.headers)
  const program = await next()
  await program.frame(FRAME.HEADERS, 3)
  away()
  assert.equal((await client.fields(1))[':status'], '503')
  assert.equal(await program.reset(1), ERROR_CODE.CANCEL)
  client.data(3, '', FLAGS.end)
  program.headers(3, OK)
  assert.equal((await client.fields(3))[':status'], '200')
})

test('a laptop that leaves: what is under way ends, what is new goes to who takes it', async () => {
  const { client, next, leave, laptop: state } = await beforeLaptop(h2Echo('app'))
  client.headers(1, { ...GET, ...JANE })
  const program = await next()
  await program.frame(FRAME.HEADERS, 1)
  leave()
  state.ended = true
  client.headers(3, { ...GET, ...JANE })
  assert.equal((await client.fields(3))['x-name'], 'app')
  program.headers(1, OK)
  assert.equal((await client.fields(1))[':status'], '200')
  await program.closed()
})
