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
