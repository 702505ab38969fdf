import assert from 'node:assert/strict'
import { test } from 'node:test'
import { h2cOffer } from './h2c-offer.ts'
import { readRequestHead } from './head.ts'

const OWN = Buffer.from('000200000000', 'hex')

function offered(...lines: string[]): string[] | undefined {
  const bytes = Buffer.from(['GET / HTTP/1.1', 'Host: x', ...lines, '', ''].join('\r\n'))
  const head = readRequestHead(bytes)
  const offer = head && h2cOffer(head, bytes, OWN)
  return offer && [offer.settings.toString('hex'), ...offer.head.toString().split('\r\n').slice(2, -2)]
}

const GOOD = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']

test('an offer passes with other settings, all else as it was', () => {
  assert.deepEqual(offered('X-A:  b ', ...GOOD), [
    '000300000064',
    ...['X-A:  b ', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAIAAAAA'],
  ])
  assert.deepEqual(offered(...GOOD.slice(0, 2), 'HTTP2-Settings:')?.[0], '')
})

test('what breaks a rule, asks for something else too, or has a body is none', () => {
  const [connection = '', upgrade = '', settings = ''] = GOOD
  const others = [
    [connection, upgrade],
    [connection, upgrade, settings, settings],
    ['Connection: Upgrade', upgrade, settings],
    ['Connection: HTTP2-Settings', upgrade, settings],
    [connection, 'Upgrade: h2c, websocket', settings],
    [connection, upgrade, 'HTTP2-Settings: AAMA'],
    [connection, upgrade, 'HTTP2-Settings: AAMAAAB%'],
    [...GOOD, 'Content-Length: 1'],
    [...GOOD, 'Transfer-Encoding: chunked'],
  ]
  for (const lines of others) assert.equal(offered(...lines), undefined, lines.join(', '))
})
