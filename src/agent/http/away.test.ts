import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterEach, test } from 'node:test'
import { closePlaces, dial, get, place } from './fixtures/place.ts'

afterEach(closePlaces)

test('a whole request whose answer has not begun is answered when the laptop is away', async () => {
  const asked = Promise.withResolvers<void>()
  const laptop = createServer(() => asked.resolve())
  const { port, away } = await place(undefined, laptop)
  const client = await dial(port)
  client.write(get('/', 'x-user: jane'))
  await asked.promise
  away()
  const text = Buffer.concat(await client.toArray()).toString()
  assert.match(text, /^HTTP\/1\.1 503 /)
  assert.match(text, /RC-E-310/)
})

test('a stream that was opened for a client that was silent first is followed like any other', async () => {
  const asked = Promise.withResolvers<void>()
  const laptop = createServer(() => asked.resolve())
  const { port, all, silence, away } = await place(undefined, laptop)
  all.raw = true
  const [client, connected] = await Promise.all([dial(port), once(laptop, 'connection'), silence()])
  assert.ok(connected)
  client.write(get('/', 'x-user: jane'))
  await asked.promise
  away()
  assert.match(Buffer.concat(await client.toArray()).toString(), /^HTTP\/1\.1 503 [\s\S]*RC-E-310/)
})

test('what flows goes on when the laptop is back: bodies that are on their way, answers that have begun', async () => {
  const laptop = createServer((request, response) => {
    response.write('begun ')
    request.on('data', (bytes: Buffer) => response.write(bytes))
    request.on('end', () => response.end('done'))
  })
  const { port, away } = await place(undefined, laptop)
  const client = await dial(port)
  client.write('POST / HTTP/1.1\r\nHost: orders\r\nx-user: jane\r\nContent-Length: 4\r\nConnection: close\r\n\r\nab')
  away()
  await once(client, 'data')
  away()
  client.write('cd')
  const text = Buffer.concat(await client.toArray()).toString()
  assert.match(text, /cd[\s\S]*done/)
})

test('a laptop that leaves: what is under way is finished, and the connection goes on with the app', async () => {
  const asked = Promise.withResolvers<() => void>()
  const laptop = createServer((_request, response) => asked.resolve(() => response.end('of the laptop')))
  const { port, leave, laptop: state } = await place(undefined, laptop)
  const client = await dial(port)
  let text = ''
  client.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  client.write(get('/', 'x-user: jane'))
  const answer = await asked.promise
  leave()
  state.up = false
  answer()
  while (!text.includes('of the laptop')) await once(client, 'data')
  client.write(get('/next'))
  while (!text.includes('app GET /next')) await once(client, 'data')
  client.write(get('/mine', 'x-user: jane', 'Connection: close'))
  while (!text.includes('app GET /mine')) await once(client, 'data')
  client.destroy()
})

test('a kept stream of a laptop that ends is nothing to the client', async () => {
  const laptop = createServer((_request, response) => response.end('of the laptop'))
  const { port, laptop: state } = await place(undefined, laptop)
  const client = await dial(port)
  let text = ''
  client.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  client.write(get('/', 'x-user: jane'))
  while (!text.includes('of the laptop')) await once(client, 'data')
  laptop.closeAllConnections()
  client.write(get('/again', 'x-user: jane'))
  while (text.split('of the laptop').length < 3) await once(client, 'data')
  assert.equal(state.opened, 2)
  client.destroy()
})
