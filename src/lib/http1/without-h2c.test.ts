import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequestHead } from './head.ts'
import { withoutH2c } from './without-h2c.ts'

function without(...lines: string[]): string[] {
  const bytes = Buffer.from(
    `GET http://a:1/upgrade: HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`,
  )
  const head = readRequestHead(bytes)
  assert.ok(head)
  const text = withoutH2c(head, bytes).toString()
  assert.ok(text.startsWith('GET http://a:1/upgrade: HTTP/1.1\r\nHost: a\r\n') && text.endsWith('\r\n\r\n'))
  return text.split('\r\n').slice(2, -2)
}

test('the offer of HTTP/2 is taken out, with what belongs to it', () => {
  assert.deepEqual(without('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMA', 'X-A: b'), [
    'X-A: b',
  ])
  assert.deepEqual(
    without('CONNECTION: close,upgrade', 'upgrade: H2C', 'HTTP2-Settings: x', 'Connection: http2-settings'),
    ['CONNECTION: close'],
  )
})

test('other protocols stay', () => {
  assert.deepEqual(without('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c, websocket', 'HTTP2-Settings: x'), [
    'Connection: Upgrade',
    'Upgrade: websocket',
  ])
})

test('what offers nothing of it is as it was', () => {
  const plain = ['Connection:  Upgrade ,x', 'Upgrade: websocket', 'HTTP2-Settings: x']
  assert.deepEqual(without(...plain), plain)
  assert.deepEqual(without('X-Upgrade: h2c'), ['X-Upgrade: h2c'])
})
