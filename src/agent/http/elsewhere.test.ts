/** Requests that are answered by somebody else than who was chosen first. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createRawServer } from 'node:net'
import { afterEach, test } from 'node:test'
import type { Copy } from '../routing.ts'
import { closePlaces, dial, echo, exchange, get, place } from './fixtures/place.ts'

afterEach(closePlaces)

/** A program that reads each request, then leaves it to the app. */
const declining = (): Server =>
  createServer(async (request, response) => {
    await request.toArray()
    response.writeHead(200, { 'X-Remocal': 'Decline' }).end('of the laptop')
  })

const post = (body: string, ...headers: string[]): string =>
  ['POST /p HTTP/1.1', 'Host: orders', `Content-Length: ${body.length}`, ...headers, '', body].join('\r\n')

test('what the program declines the app answers, body included, and the connection goes on', async () => {
  const { port, counts } = await place(echo('app'), declining())
  const mine = post('x'.repeat(100_000), 'X-User: jane')
  const answer = await exchange(port, mine + mine + get('/last', 'Connection: close'))
  assert.deepEqual(answer.match(/app [A-Z]+ \S+ \d+(?=HTTP|$)/g), [
    'app POST /p 100000',
    'app POST /p 100000',
    'app GET /last 0',
  ])
  assert.equal(counts.declined, 2)
})

test('a chunked request that is declined while it still comes is the app’s to its end', async () => {
  const early = createServer((_request, response) => response.writeHead(200, { 'x-remocal': 'decline' }).end())
  const { port, counts } = await place(echo('app'), early)
  const client = await dial(port)
  client.write(
    'POST /p HTTP/1.1\r\nHost: x\r\nX-User: jane\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  )
  while (counts.declined === 0) await new Promise((resolve) => setImmediate(resolve))
  client.write('6\r\n world\r\n0\r\n\r\n')
  assert.match(Buffer.concat(await client.toArray()).toString(), /app POST \/p 11/)
})

test('a declined request whose body was too large to be kept is 502, said with a code', async () => {
  const { port } = await place(echo('app'), declining())
  assert.match(
    await exchange(port, post('x'.repeat(300_000), 'X-User: jane'), { end: false }),
    /^HTTP\/1\.1 502 [\s\S]*RC-E-312/,
  )
})

test('what an app says in x-remocal is its own affair', async () => {
  const { port } = await place(declining())
  assert.match(await exchange(port, get('/', 'Connection: close')), /of the laptop/)
})

test('nothing listens on the laptop: the app answers, or nobody, as its user says', async () => {
  const { port, laptop, rules, counts } = await place()
  laptop.up = false
  assert.match(await exchange(port, post('body', 'X-User: jane', 'Connection: close')), /app POST \/p 4/)
  rules.ifDown = 'error'
  const refused = await exchange(port, get('/1', 'X-User: jane'), { end: false })
  assert.match(refused, /^HTTP\/1\.1 503 [\s\S]*x-remocal-error: RC-E-311/)
  assert.equal(counts.unheard, 2)
})

test('a laptop that has just left: the request goes to whom it belongs then', async () => {
  const { port, laptop, rules, counts } = await place()
  laptop.ended = true
  rules.ifDown = 'error'
  assert.match(await exchange(port, get('/1', 'X-User: jane', 'Connection: close')), /app GET \/1/)
  assert.equal(counts.unheard, 0)
})

test('where filters look into bodies, a request waits for its own; then all of it goes where it belongs', async () => {
  const { port, rules, decided } = await place()
  rules.body = true
  const json = (text: string, ...headers: string[]): string => post(text, 'Content-Type: application/json', ...headers)
  const requests = [
    json('{"user":"jane"}'),
    json('{"user":"joe"}'),
    json('{"user":'),
    json(`{"user":"jane","more":"${'x'.repeat(70_000)}"}`),
    post('{"user":"jane"}'),
    'POST /c HTTP/1.1\r\nHost: x\r\nContent-Type: a/b+json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"user":\r\n7\r\n"jane"}\r\n0\r\n\r\n',
    get('/last', 'Connection: close'),
  ]
  const answer = await exchange(port, requests.join(''))
  assert.deepEqual(answer.match(/(?:app|laptop) [A-Z]+ \S+ \d+/g), [
    'laptop POST /p 15',
    'app POST /p 14',
    'app POST /p 8',
    'app POST /p 70025',
    'app POST /p 15',
    'laptop POST /c 15',
    'app GET /last 0',
  ])
  assert.equal(decided.length, requests.length)
})

test('a pipelined request waits for its body too, behind an answer that is late', async () => {
  const { port, rules } = await place()
  rules.body = true
  const client = await dial(port)
  const mine = post('{"user":"jane"}', 'Content-Type: application/json', 'Connection: close')
  client.write(get('/big') + mine.slice(0, -15))
  let text = ''
  client.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
  })
  while (text.length < 3_000_000) await once(client, 'data')
  client.write(mine.slice(-15))
  await once(client, 'end')
  assert.match(text.slice(3_000_000), /laptop POST \/p 15/)
  client.destroy()
})

test('a program that dies after an interim answer is told of with a code', async () => {
  const dying = createRawServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => socket.destroy()))
  })
  const { port } = await place(echo('app'), dying)
  const answer = await exchange(port, get('/1', 'X-User: jane'), { end: false })
  assert.match(answer, /^HTTP\/1\.1 103 [\s\S]*HTTP\/1\.1 503 [\s\S]*RC-E-310/)
})

test('a client that waits for 100 Continue before a body that filters look into gets it', async () => {
  const { port, rules } = await place()
  rules.body = true
  const client = await dial(port)
  const head = post('', 'X: y').replace('Content-Length: 0', 'Content-Length: 15\r\nExpect: 100-continue')
  client.write(head.replace('X: y', 'Content-Type: application/json\r\nConnection: close'))
  assert.match(String((await once(client, 'data'))[0]), /^HTTP\/1\.1 100 /)
  client.write('{"user":"jane"}')
  assert.match(Buffer.concat(await client.toArray()).toString(), /laptop POST \/p 15/)
})

test('a body that comes too slowly is decided without, and passed on', async () => {
  const { port, rules, clock, decided } = await place()
  rules.body = true
  const client = await dial(port)
  client.write(post('{"user":"jane"}', 'Content-Type: application/json', 'Connection: close').slice(0, -5))
  while (decided.length === 0) {
    clock.advance(10_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.write('jane"}'.slice(-5))
  assert.match(Buffer.concat(await client.toArray()).toString(), /app POST \/p 15/)
})

test('copies are of what was sent and what was answered; one that breaks off is given up', async () => {
  const { port, rules } = await place()
  const copies: { request: string; answer: string; ends: string[] }[] = []
  const copier = {
    begin(from: string): Copy {
      assert.match(from, /^127\.0\.0\.1:\d+$/)
      const copy = { request: '', answer: '', ends: [] as string[] }
      copies.push(copy)
      return {
        wantsAnswer: true,
        request(bytes) {
          copy.request += bytes.toString()
        },
        requestEnd: () => void copy.ends.push('request'),
        answer(bytes) {
          copy.answer += bytes.toString()
        },
        answerEnd: () => void copy.ends.push('answer'),
        abort: () => void copy.ends.push('abort'),
      }
    },
  }
  rules.copiers = [copier]
  const [first, second] = [post('hello', 'X-User: jane'), get('/big', 'Connection: close')]
  const answer = await exchange(port, first + second)
  assert.deepEqual(
    copies.map(({ request }) => request),
    [first, second],
  )
  assert.equal(copies.map(({ answer }) => answer).join(''), answer)
  assert.deepEqual(
    copies.map(({ ends }) => ends),
    [
      ['request', 'answer'],
      ['request', 'answer'],
    ],
  )
  const client = await dial(port)
  client.write(post('x'.repeat(10)).slice(0, -5))
  while (copies.length < 3) await new Promise((resolve) => setImmediate(resolve))
  client.resetAndDestroy()
  while (copies[2]?.ends.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(copies[2]?.ends, ['abort'])
})
