import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import type { ResponseHead } from '../../lib/http1/head.ts'
import { Answer } from './answer.ts'
import { closePlaces, dial, exchange, get, inTime, place } from './fixtures/place.ts'
import { stuck, turn } from './fixtures/stuck.ts'

afterEach(closePlaces)

/** What a client gets of an answer that comes in pieces, and what is known of it then. */
function read(pieces: string[], method = 'GET'): { text: string; answer: Answer; heads: ResponseHead[] } {
  const heads: ResponseHead[] = []
  let text = ''
  const take = (bytes: Buffer): void => {
    text += bytes.toString('latin1')
  }
  const begins = (head: ResponseHead): boolean => heads.push(head) > 0
  const answer = new Answer(method, true, { interim: take, begins, piece: take, opens: take, unread: take })
  for (const piece of pieces) answer.take(Buffer.from(piece, 'latin1'))
  return { text, answer, heads }
}

const ANSWERS: [text: string, method: string][] = [
  [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'GET',
  ],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n', 'GET'],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD'],
  ['HTTP/1.1 304 Not Modified\r\n\r\n', 'GET'],
]

test('an answer is read the same however it is split', () => {
  for (const [text, method] of ANSWERS) {
    for (let size = 1; size <= text.length; size++) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        text.slice(at * size, (at + 1) * size),
      )
      const seen = read(pieces, method)
      assert.equal(seen.text, text)
      assert.equal(seen.answer.isWhole && seen.answer.keeps, true, `${method} in pieces of ${size}`)
      assert.equal(seen.heads.length, 1)
    }
  }
})

test('what cannot be read is passed on from its beginning, where it breaks off too', () => {
  const texts = [
    'HTTP/1.1 200 OK\nA: b\n\nok',
    'HTTP/1.1 200 OK\r\nA : b\r\n\r\nok',
    'hello',
    'HTTP/1.1 200 OK\r\nno field\r\n',
  ]
  for (const text of texts) {
    const { text: whole, answer } = read([text])
    assert.equal(whole, text)
    assert.equal(answer.isOpaque && answer.endsWithConnection, true)
    const slow = read([...text])
    slow.answer.end()
    assert.equal(slow.answer.isOpaque, true)
  }
  const broken = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'
  assert.equal(read([broken]).text, broken)
  assert.equal(read([broken]).answer.isOpaque, true)
})

test('an app that breaks off within what is no head: the client gets what it said', async () => {
  const app = createServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\n')
      setImmediate(() => setImmediate(() => socket.end('no field\r\n')))
    })
  })
  const { port } = await place(app)
  assert.equal(await exchange(port, get('/'), { end: false }), 'HTTP/1.1 200 OK\r\nno field\r\n')
})

for (const when of ['with the first', 'during the answer']) {
  test(`a request that comes ${when} never cuts an answer that cannot be read; the connection ends when that is quiet`, async () => {
    const asked = Promise.withResolvers<Socket>()
    const app = createServer((socket) => socket.once('data', () => asked.resolve(socket)).on('error', () => {}))
    const { port, clock, decided } = await place(app)
    const client = await dial(port)
    client.write(get('/1') + (when === 'with the first' ? get('/2') : ''))
    const socket = await asked.promise
    let text = ''
    client.on('data', (bytes: Buffer) => {
      text += bytes
    })
    const ended = once(client, 'end')
    const says = async (words: string): Promise<void> => {
      socket.write(words)
      while (!text.endsWith(words)) await once(client, 'data')
    }
    await says('HTTP/1.1 200 OK\nContent-Length: 15\n\nhello')
    if (when === 'during the answer') client.write(get('/2'))
    for (const word of [' slow', ' word']) {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      clock.advance(900)
      await says(word)
    }
    await inTime(clock, ended)
    assert.match(text, /hello slow word$/)
    assert.deepEqual(decided, ['app GET /1'])
    client.destroy()
  })
}

test('an answer that cannot be read is not over while its client still has to read it', async () => {
  const body = Buffer.alloc(20_000_000, 'x')
  const asked = Promise.withResolvers<Socket>()
  const app = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\n\n')
      socket.end(body)
      asked.resolve(socket)
    })
  })
  const { port, clock } = await place(app)
  const client = await dial(port)
  client.write(get('/1'))
  await once(client, 'readable')
  client.write(get('/2'))
  await stuck(await asked.promise)
  for (let seconds = 0; seconds < 10; seconds++) {
    clock.advance(1000)
    await turn()
  }
  const all = Buffer.concat(await client.toArray())
  assert.equal(all.length, body.length + 'HTTP/1.1 200 OK\n\n'.length)
  client.destroy()
})
