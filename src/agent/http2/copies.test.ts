/** Copies of HTTP/2 requests and answers, which are messages of HTTP/1.1. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { Copier } from '../routing.ts'
import { ask, closeAll, h2Client, h2Echo, h2Place, h2Server, said } from './fixtures/place2.ts'

afterEach(closeAll)

/** What a wiretap was given. */
function recorder(): { copier: Copier; said: string[]; over: string[] } {
  const said = ['', '']
  const over: string[] = []
  const copier: Copier = {
    begin: () => ({
      wantsAnswer: true,
      request(bytes) {
        said[0] += bytes.toString()
      },
      requestEnd: () => void over.push('request'),
      answer(bytes) {
        said[1] += bytes.toString()
      },
      answerEnd: () => void over.push('answer'),
      abort: () => void over.push('abort'),
    }),
  }
  return { copier, said, over }
}

test('a request and its answer', async () => {
  const { port, rules } = await h2Place(
    h2Server((stream) => {
      stream.respond({ ':status': 200, 'x-a': 'b' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.resume().on('end', () => stream.end('fine'))
    }),
  )
  const copies = recorder()
  rules.copiers = [copies.copier]
  const answer = await ask(h2Client(port), { ':method': 'POST', ':path': '/a?b', te: 'trailers' }, 'hello')
  assert.equal(answer.body.toString(), 'fine')
  const [request = '', told = ''] = copies.said
  assert.match(request, /^POST \/a\?b HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n[\s\S]*\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/)
  assert.match(told, /^HTTP\/1\.1 200 OK\r\nx-a: b\r\n[\s\S]*\r\n\r\n4\r\nfine\r\n0\r\ngrpc-status: 0\r\n\r\n$/)
  assert.deepEqual(copies.over, ['request', 'answer'])
})

test('what was held for a filter is copied too, and once though it is led twice', async () => {
  const { port, rules, laptop } = await h2Place(h2Echo('app'))
  const copies = recorder()
  rules.copiers = [copies.copier]
  rules.body = true
  laptop.up = false
  const json = { ':method': 'POST', 'content-type': 'application/json' }
  assert.equal(await said(h2Client(port), json, '{"user":"jane"}'), '200 app POST / 15')
  assert.match(copies.said[0] ?? '', /\r\n\r\nf\r\n\{"user":"jane"\}\r\n0\r\n\r\n$/)
})
