import assert from 'node:assert/strict'
import { it } from 'node:test'
import { filterRequest as filterHttp1 } from '../../http1/filter-request.ts'
import { readRequestHead } from '../../http1/head.ts'
import { blockOf, GET } from '../fixtures/block.ts'
import { filterRequest } from './filter-request.ts'
import { requestHead } from './request-head.ts'

const LINES = ['x-a: 1', 'x-a: 2', 'x-remocal: jane-7f3a', 'baggage: x-remocal=bob-1234', 'accept: */*']

it('a request is for filters what it is over HTTP/1', () => {
  const block = blockOf(...GET, ...LINES, 'cookie: a=1', 'cookie: b="2"; c=3')
  const ours = filterRequest(requestHead(block, 1), { ip: '10.0.0.1', pod: '', namespace: '' })
  const text = ['GET /a?q=1 HTTP/1.1', 'host: orders:81', ...LINES, 'cookie: a=1; b="2"; c=3', '', ''].join('\r\n')
  const head = readRequestHead(Buffer.from(text))
  assert.ok(head)
  const theirs = filterHttp1(head, { ip: '10.0.0.1', pod: '', namespace: '' })
  for (const part of [
    'method',
    'path',
    'host',
    'scheme',
    'marks',
    'source',
    'headers',
    'queries',
    'cookies',
  ] as const) {
    assert.deepEqual(ours[part], theirs[part], part)
  }
  for (const name of ['host', 'x-a', 'cookie', ':path', 'none']) assert.equal(ours.header(name), theirs.header(name))
  assert.deepEqual([ours.query('q'), ours.cookie('b'), ours.cookie('c')], ['1', '2', '3'])
})

it('its scheme and host are those that the client says', () => {
  const seen = (...lines: string[]): string[] => {
    const { method, scheme, host, path } = filterRequest(requestHead(blockOf(...lines), 1))
    return [method, scheme, host, path]
  }
  assert.deepEqual(seen(':method: GET', ':scheme: https', ':path: /', 'host: a'), ['GET', 'https', 'a', '/'])
  assert.deepEqual(seen(':method: OPTIONS', ':scheme: http', ':path: *', 'host: a'), ['OPTIONS', 'http', 'a', '*'])
  assert.deepEqual(seen(':method: CONNECT', ':authority: a:1').slice(0, 3), ['CONNECT', 'http', 'a:1'])
})
