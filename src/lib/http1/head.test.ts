import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequestHead, readResponseHead } from './head.ts'

const asking = (...hosts: string[]): Buffer =>
  Buffer.from(['GET / HTTP/1.1', ...hosts.map((host) => `Host: ${host}`), '', ''].join('\r\n'))

test('hosts that servers take are read', () => {
  const hosts = [
    'orders',
    'my_orders',
    'orders.shop.',
    'orders:8080',
    'orders:',
    '127.0.0.1',
    '[::1]:80',
    '',
    'a@b',
    'ä',
    '  x  ',
  ]
  for (const host of hosts) assert.equal(readRequestHead(asking(host))?.fields.hosts, 1, host)
})

test('what names no host is refused, and so are several and none', () => {
  for (const hosts of [['a b'], ['a\tb'], ['a, b'], ['a/b'], ['http://a'], ['a', 'b'], ['a', 'a'], []]) {
    assert.throws(() => readRequestHead(asking(...hosts)), { status: 400 }, hosts.join())
  }
  const old = (lines: string): Buffer => Buffer.from(`GET / HTTP/1.0\r\n${lines}\r\n`)
  assert.notEqual(readRequestHead(old('')), undefined)
  assert.throws(() => readRequestHead(old('Host: a b\r\n')), { status: 400 })
})

test('what an answer says in Host is its own affair', () => {
  assert.equal(readResponseHead(Buffer.from('HTTP/1.1 200 OK\r\nHost: a b\r\n\r\n'))?.status, 200)
})
