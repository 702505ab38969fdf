/** Streams of one connection go where their requests belong. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { afterEach, test } from 'node:test'
import { promisify } from 'node:util'
import { FRAME } from '../../lib/http2/frame.ts'
import { PREFACE } from '../../lib/http2/preface.ts'
import { dial, echo, place } from '../http/fixtures/place.ts'
import { ask, closeAll, h2Client, h2Echo, h2Place, h2Server, said } from './fixtures/place2.ts'
import { GET, RawPeer } from './fixtures/raw-peer.ts'

afterEach(closeAll)

const JANE = { 'x-user': 'jane' }

test('streams of one connection go to whom their requests belong', async () => {
  const { port, decided } = await h2Place()
  const client = h2Client(port)
  assert.deepEqual(
    await Promise.all([
      said(client, { ':path': '/a' }),
      said(client, { ':path': '/b', ...JANE }),
      said(client, { ':path': '/c' }),
    ]),
    ['200 app GET /a 0', '200 laptop GET /b 0', '200 app GET /c 0'],
  )
  assert.deepEqual(decided, ['app GET /a', 'laptop GET /b', 'app GET /c'])
})

test('bodies of any size pass both ways', async () => {
  const { port } = await h2Place(
    h2Server((stream) => {
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
    }),
  )
  // Node itself holds no more than 10 MB for a client otherwise.
  const client = h2Client(port, { maxSessionMemory: 64 })
  for (const size of [0, 1, 16_384, 100_000, 12 * 1024 * 1024]) {
    const body = Buffer.alloc(size, 'abcdefghijk')
    const answer = await ask(client, { ':method': 'POST' }, body)
    assert.ok(answer.body.equals(body), `${size} bytes`)
  }
})

test('many streams at once, many requests after each other', async () => {
  const { port } = await h2Place()
  const client = h2Client(port)
  for (let round = 0; round < 10; round++) {
    const all = Array.from({ length: 100 }, (_, n) => said(client, { ':path': `/${n}`, ...(n % 2 ? JANE : {}) }))
    const expected = Array.from({ length: 100 }, (_, n) => `200 ${n % 2 ? 'laptop' : 'app'} GET /${n} 0`)
    assert.deepEqual(await Promise.all(all), expected)
  }
})

test('trailers pass', async () => {
  const app = h2Server((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.resume().on('end', () => stream.end('answer'))
  })
  const { port } = await h2Place(app)
  const { trailers, body } = await ask(h2Client(port), { ':method': 'POST', te: 'trailers' }, 'ask')
  assert.equal(trailers['grpc-status'], '0')
  assert.equal(body.toString(), 'answer')
})

test('curl asks the app and the laptop, by prior knowledge and by upgrade', async () => {
  const { port } = await h2Place()
  const curl = async (how: string, ...more: string[]): Promise<string> => {
    const args = ['-s', '--max-time', '5', how, ...more, '-w', ' %{http_version}', `http://127.0.0.1:${port}/a`]
    return (await promisify(execFile)('curl', args)).stdout
  }
  assert.equal(await curl('--http2-prior-knowledge', '-d', 'hello'), 'app POST /a 5 2')
  assert.equal(await curl('--http2-prior-knowledge', '-H', 'x-user: jane'), 'laptop GET /a 0 2')
  // A server may ignore h2c's upgrade (RFC 9110 §7.8); one of HTTP/2 only answers no request of HTTP/1.1.
  const old = await place(echo('app'), echo('laptop'))
  const upgrade = ['-s', '--max-time', '5', '--http2', '-H', 'x-user: jane', '-w', ' %{http_version}']
  const { stdout } = await promisify(execFile)('curl', [...upgrade, `http://127.0.0.1:${old.port}/a`])
  assert.equal(stdout, 'laptop GET /a 0 1.1')
})

test('nothing listens on the laptop: the app answers, or nobody, as its user says', async () => {
  const { port, laptop, rules, counts } = await h2Place()
  laptop.up = false
  const client = h2Client(port)
  assert.equal(await said(client, { ':method': 'POST', ...JANE }, 'x'.repeat(1000)), '200 app POST / 1000')
  rules.ifDown = 'error'
  const refused = await ask(client, JANE)
  assert.equal(refused.headers[':status'], 503)
  assert.equal(refused.headers['x-remocal-error'], 'RC-E-311')
  assert.equal(counts.unheard, 2)
})

test('what the program declines the app answers, body included', async () => {
  const declining = h2Server(async (stream) => {
    await stream.toArray().catch(() => [])
    stream.respond({ ':status': 200, 'x-remocal': 'Decline' })
    stream.end('of the laptop')
  })
  const { port, counts } = await h2Place(h2Echo('app'), declining)
  const client = h2Client(port)
  assert.equal(await said(client, { ':method': 'POST', ...JANE }, 'x'.repeat(100_000)), '200 app POST / 100000')
  assert.equal(await said(client, { ...JANE }), '200 app GET / 0')
  const large = await ask(client, { ':method': 'POST', ...JANE }, 'x'.repeat(300_000))
  assert.equal(large.headers['x-remocal-error'], 'RC-E-312')
  assert.equal(counts.declined, 3)
})

test('a filter that looks into bodies decides when it has seen them', async () => {
  const { port, rules } = await h2Place()
  rules.body = true
  const client = h2Client(port)
  const json = { ':method': 'POST', 'content-type': 'application/json' }
  assert.equal(await said(client, json, '{"user":"jane"}'), '200 laptop POST / 15')
  assert.equal(await said(client, json, '{"user":"anna"}'), '200 app POST / 15')
  assert.equal(await said(client, json, `"${'x'.repeat(200_000)}"`), '200 app POST / 200002')
})

test('a client whose preface comes in pieces, or late, is read by its streams', async () => {
  // An app of HTTP/2 would have spoken within the silence.
  const { port, silence } = await place(echo('app'), h2Echo('laptop'))
  const slow = new RawPeer(await dial(port))
  for (const piece of ['PR', 'I * HTT', 'P/2.0\r\n\r\nSM', '\r\n\r\n']) {
    slow.socket.write(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  slow.send(FRAME.SETTINGS, 0, 0).headers(1, { ...GET, ...JANE })
  assert.equal((await slow.fields(1))['x-name'], 'laptop')
  const silent = silence()
  const late = new RawPeer(await dial(port))
  await silent
  late.socket.write(PREFACE)
  late.send(FRAME.SETTINGS, 0, 0).headers(1, { ...GET, ...JANE })
  assert.equal((await late.fields(1))['x-name'], 'laptop')
})
