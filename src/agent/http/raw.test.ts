import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, test } from 'node:test'
import { beginsHttp, speaksHttp } from './first-bytes.ts'
import { closePlaces, dial, place } from './fixtures/place.ts'

after(closePlaces)

/** Says its name and what it hears. */
const parrot = (name: string): ReturnType<typeof createServer> =>
  createServer((socket) => socket.on('data', (bytes) => socket.write(`${name}: ${bytes}`)).on('error', () => {}))

for (const raw of [false, true]) {
  const end = raw ? 'laptop' : 'app'
  test(`words that could still become a request go to the ${end} after a second`, async () => {
    const { port, all, silence } = await place(parrot('app'), parrot('laptop'))
    all.raw = raw
    const connected = silence()
    const client = await dial(port)
    client.write('hello')
    await connected
    const [said] = (await once(client, 'data')) as [Buffer]
    assert.equal(said.toString(), `${end}: hello`)
    client.destroy()
  })
}

test('what a slow client has begun is a request, other words are none', () => {
  for (const begun of ['GET /', 'POST /orders HT', 'OPTIONS *', 'CONNECT orders:80', 'GET http:']) {
    assert.equal(speaksHttp(Buffer.from(begun)), 'more', begun)
    assert.equal(beginsHttp(Buffer.from(begun)), true, begun)
  }
  for (const other of ['hello', 'GET', 'GET foo', 'user anna', '\r\n']) {
    assert.equal(beginsHttp(Buffer.from(other)), false, other)
  }
})
