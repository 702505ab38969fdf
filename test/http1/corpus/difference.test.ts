import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Run } from '../../peers/run.ts'
import { difference } from './difference.ts'

const run = (sent: string[], answered: string[], said = 'ok'): Run => {
  const records = sent.map((text, at) => ({ sent: Buffer.from(text), answered: Buffer.from(answered[at] ?? '') }))
  return { said, client: records, server: records }
}
const answer = (date: string, body: string): string => `HTTP/1.1 200 OK\r\nDate: ${date}\r\nX: 1\r\n\r\n${body}`

test('what is new each time is no difference, wherever it stands and however it is written', () => {
  const one = run(['GET /a'], [answer('Mon', 'a') + answer('Mon', 'b')], 'get 200\ndate: Mon\n')
  const other = run(['GET /a'], [answer('Tuesday', 'a') + answer('Wed', 'b')], 'get 200\ndate: Tue\n')
  assert.equal(difference(one, other), undefined)
  const keys = (key: string): Run =>
    run(
      [`GET / HTTP/1.1\r\nSEC-WebSocket-Key: ${key}\r\n\r\n`],
      [`HTTP/1.1 101\r\nsec-websocket-accept: ${key}\r\n\r\n`],
    )
  assert.equal(difference(keys('a'), keys('bc')), undefined)
})

test('the same connections in another order are no difference', () => {
  assert.equal(difference(run(['a', 'b'], ['1', '2']), run(['b', 'a'], ['2', '1'])), undefined)
})

test('everything else is', () => {
  const one = run(['GET /a'], [answer('Mon', 'a')])
  assert.match(
    difference(one, run(['GET /a'], [answer('Mon', 'b')])) ?? '',
    /the client, answered on connection 0: at byte/,
  )
  assert.match(difference(one, run(['GET /b'], [answer('Mon', 'a')])) ?? '', /the client, sent on connection 0/)
  assert.match(difference(one, run(['GET /a', ''], [answer('Mon', 'a'), 'x'])) ?? '', /2 connections instead of 1/)
  assert.match(difference(one, { ...one, said: 'no' }) ?? '', /the client says/)
  assert.match(difference(one, run(['GET /a'], [answer('Mon', 'a').replace('X: 1', 'Xdate: 1')])) ?? '', /answered/)
  assert.match(difference(one, run(['GET /a'], [`${answer('Mon', 'a')}\r\nDate: `])) ?? '', /answered/)
})
