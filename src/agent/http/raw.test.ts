import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { isReset } from '../../lib/is-reset.ts'
import { isOpen, looksLikeHttp, speaksHttp } from './first-bytes.ts'
import { closePlaces, dial, echo, get, inTime, place } from './fixtures/place.ts'
import { stuck, turn } from './fixtures/stuck.ts'

after(closePlaces)

/** Says its name and what it hears. */
const parrot = (name: string): ReturnType<typeof createServer> =>
  createServer((socket) => socket.on('data', (bytes) => socket.write(`${name}: ${bytes}`)).on('error', () => {}))

for (const raw of [false, true]) {
  const end = raw ? 'laptop' : 'app'
  test(`words that could still become a request go to the ${end} after a second`, async () => {
    const { port, all, clock } = await place(parrot('app'), parrot('laptop'))
    all.raw = raw
    const client = await dial(port)
    client.write('hello')
    const [said] = (await inTime(clock, once(client, 'data'))) as [Buffer]
    assert.equal(said.toString(), `${end}: hello`)
    client.destroy()
  })
}

for (const [what, pieces] of [
  ['a method in two', ['GE', `T /late HTTP/1.1\r\nHost: x\r\nX-User: jane\r\nConnection: close\r\n\r\n`]],
  ['an empty line', ['\r\n', get('/late', 'X-User: jane', 'Connection: close')]],
] as const) {
  test(`a request of a client that was silent first is found when it comes in pieces: ${what}`, async () => {
    const app = echo('app')
    const { port, silence, decided } = await place(app)
    const [client] = await Promise.all([dial(port), once(app, 'connection'), silence()])
    for (const piece of pieces) {
      client.write(piece)
      // Each is read by itself.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    assert.match(Buffer.concat(await client.toArray()).toString(), /laptop GET \/late/)
    assert.deepEqual(decided, ['laptop GET /late'])
  })
}

test('words that were passed on after a second and become a request then go where that belongs', async () => {
  const ended = Promise.withResolvers<string>()
  const app = createServer((socket) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
      if (text === 'GE') heard.resolve()
    })
    socket.on('error', () => {}).on('close', () => ended.resolve(text))
  })
  const heard = Promise.withResolvers<void>()
  const { port, clock, decided } = await place(app, echo('laptop'))
  const client = await dial(port)
  client.write('GE')
  await inTime(clock, heard.promise)
  client.write('T /late HTTP/1.1\r\nHost: x\r\nX-User: jane\r\nConnection: close\r\n\r\n')
  assert.match(Buffer.concat(await client.toArray()).toString(), /laptop GET \/late/)
  assert.deepEqual(decided, ['laptop GET /late'])
  assert.equal(await ended.promise, 'GE')
})

test('once the server has answered such words they are no request, whatever follows', async () => {
  const { port, clock, decided } = await place(parrot('app'))
  const client = await dial(port)
  client.write('GE')
  assert.equal(String((await inTime(clock, once(client, 'data')))[0]), 'app: GE')
  client.write('T / HTTP/1.1\r\n\r\n')
  assert.equal(String((await once(client, 'data'))[0]), 'app: T / HTTP/1.1\r\n\r\n')
  assert.deepEqual(decided, [])
  client.destroy()
})

test('words of a client that was silent first are passed on when they stay open for a second', async () => {
  const app = parrot('app')
  const { port, silence, clock } = await place(app)
  const [client] = await Promise.all([dial(port), once(app, 'connection'), silence()])
  client.write('hello')
  assert.equal(String((await inTime(clock, once(client, 'data')))[0]), 'app: hello')
  client.end(' end')
  assert.equal(Buffer.concat(await client.toArray()).toString(), 'app:  end')
})

test('a client that is reset while the server holds it back: the server hears of it', async () => {
  const app = createServer({ pauseOnConnect: true })
  const { port, clock } = await place(app)
  const client = await dial(port)
  client.write(Buffer.alloc(20_000_000, 0xff))
  const [socket] = (await once(app, 'connection')) as [Socket]
  await stuck(client)
  client.resetAndDestroy()
  await inTime(clock, untilReset(socket))
  socket.destroy()
})

/** Resolves when the kernel knows of a reset, of which a paused socket says nothing. */
async function untilReset(socket: Socket): Promise<void> {
  while (!isReset(socket)) await turn()
}

test('what a slow client has begun is a request, other words are none', () => {
  for (const begun of ['GET /', 'POST /orders HT', 'OPTIONS *', 'CONNECT orders:80', 'GET http:']) {
    assert.equal(speaksHttp(Buffer.from(begun)), 'more', begun)
    assert.equal(looksLikeHttp(Buffer.from(begun)), true, begun)
  }
  for (const other of ['', 'hello', 'GET', 'GET foo', 'user anna', '\r\n']) {
    assert.equal(looksLikeHttp(Buffer.from(other)), false, other)
    assert.equal(isOpen(Buffer.from(other)), true, other)
  }
  assert.equal(isOpen(Buffer.from(`GET ${'x'.repeat(2000)}`)), false)
})
