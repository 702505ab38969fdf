import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { requestFraming } from '../../http1/framing.ts'
import { type RequestHead as Http1Head, readRequestHead } from '../../http1/head.ts'
import { blockOf, GET } from '../fixtures/block.ts'
import { HpackDecoder } from '../hpack/decoder.ts'
import { encodeBlock, field } from '../hpack/encode.ts'
import type { Field } from '../hpack/field.ts'
import { Http2Error } from '../http2-error.ts'
import { type RequestHead, requestHead } from '../messages/request-head.ts'
import { requestFromHttp1, type Target } from './request-from-http1.ts'
import { requestToHttp1 } from './request-to-http1.ts'

const [, , , authority] = GET as [string, string, string, string]
const TARGET: Target = { scheme: 'http', authority: 'fallback', extendedConnect: true }

const headOf = (...lines: string[]): RequestHead => requestHead(blockOf(...lines), 1)
const http1 = (lines: string[], ended = true): string[] =>
  requestToHttp1(headOf(...lines), ended)
    .head.toString('latin1')
    .split('\r\n')

function readHttp1(octets: Buffer): Http1Head {
  const head = readRequestHead(octets)
  assert.ok(head)
  assert.equal(head.bytes, octets.length)
  return head
}

const shown = (fields: readonly Field[]): string[] => fields.map(({ name, value }) => `${name}: ${value}`)
const http2 = (lines: string[], target: Partial<Target> = {}): string[] =>
  shown(requestFromHttp1(readHttp1(Buffer.from([...lines, '', ''].join('\r\n'))), { ...TARGET, ...target }).fields)

describe('requestToHttp1', () => {
  it('has host, one cookie, and te with its connection', () => {
    assert.deepEqual(http1([...GET, 'x-user: jane', 'cookie: a=1', 'te: trailers', 'cookie: b=2']), [
      'GET /a?q=1 HTTP/1.1',
      'host: orders:81',
      'x-user: jane',
      'cookie: a=1; b=2',
      'te: trailers',
      'connection: te',
      '',
      '',
    ])
  })

  it('frames the body', () => {
    const framing = (lines: string[], ended: boolean): unknown[] => {
      const made = requestToHttp1(headOf(...lines), ended)
      const { kind } = requestFraming(readHttp1(made.head))
      return [made.framing, kind]
    }
    const post = [':method: POST', ...GET.slice(1)]
    assert.deepEqual(framing(post, false), ['chunked', 'chunked'])
    assert.deepEqual(framing([...post, 'content-length: 5'], false), ['length', 'length'])
    assert.deepEqual(framing([...post, 'content-length: 0'], false), ['none', 'none'])
    assert.deepEqual(framing(post, true), ['none', 'none'])
    assert.ok(http1(post).includes('content-length: 0'))
    assert.ok(!http1(GET).join().includes('content-length'))
    // What comes with END_STREAM has no body, whatever it says: nobody waits for one.
    assert.deepEqual(framing([...post, 'content-length: 5'], true), ['none', 'none'])
  })

  it('makes CONNECT and extended CONNECT what they are there', () => {
    assert.deepEqual(http1([':method: CONNECT', authority]).slice(0, 2), [
      'CONNECT orders:81 HTTP/1.1',
      'host: orders:81',
    ])
    const extended = [':method: CONNECT', ':protocol: websocket', ...GET.slice(1), 'sec-websocket-version: 13']
    const lines = http1(extended, false)
    assert.deepEqual(lines.slice(0, 5), [
      'GET /a?q=1 HTTP/1.1',
      'host: orders:81',
      'sec-websocket-version: 13',
      'connection: upgrade',
      'upgrade: websocket',
    ])
    assert.match(lines[5] ?? '', /^sec-websocket-key: [A-Za-z0-9+/]{22}==$/)
    assert.equal(requestToHttp1(headOf(...extended), false).framing, 'tunnel')
  })
})

describe('requestFromHttp1', () => {
  it('has pseudo-header fields of each form of a target', () => {
    const four = (line: string, ...more: string[]): string[] => http2([line, ...more])
    assert.deepEqual(four('GET /a?b HTTP/1.1', 'Host: x:1'), [
      ':method: GET',
      ':scheme: http',
      ':authority: x:1',
      ':path: /a?b',
    ])
    assert.deepEqual(four('GET HTTPS://y/a HTTP/1.1', 'Host: x').slice(1), [
      ':scheme: https',
      ':authority: y',
      ':path: /a',
    ])
    assert.deepEqual(four('GET http://y?a HTTP/1.1', 'Host: x').slice(2), [':authority: y', ':path: /?a'])
    assert.deepEqual(four('OPTIONS http://y HTTP/1.1', 'Host: x').slice(2), [':authority: y', ':path: *'])
    assert.deepEqual(four('OPTIONS * HTTP/1.1', 'Host: x').slice(2), [':authority: x', ':path: *'])
    assert.deepEqual(four('CONNECT y:1 HTTP/1.1', 'Host: x'), [':method: CONNECT', ':authority: y:1'])
    assert.deepEqual(four('GET / HTTP/1.0').slice(2, 3), [':authority: fallback'])
  })

  it('refuses targets that HTTP/2 has not', () => {
    for (const target of ['*', 'a', 'http:', 'http:///a', 'http://u@y/', 'x:80']) {
      assert.throws(() => http2([`GET ${target} HTTP/1.1`, 'Host: x']), { status: 400 }, target)
    }
    assert.throws(() => http2(['GET / HTTP/1.1', 'Host: ']), { status: 400 })
    assert.throws(() => http2(['POST / HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Transfer-Encoding: chunked']), {
      status: 400,
    })
  })

  it('leaves behind what is of the connection', () => {
    const lines = [
      'POST / HTTP/1.1',
      'Host: x',
      'Connection: X-Mine, keep-alive',
      'Keep-Alive: 5',
      'X-Mine: 1',
      'X-User: jane',
    ]
    const more = [
      'Transfer-Encoding: chunked',
      'TE: gzip, trailers',
      'Upgrade: h2c',
      'HTTP2-Settings: AA',
      'Proxy-Connection: x',
    ]
    assert.deepEqual(http2([...lines, ...more]).slice(4), ['x-user: jane', 'te: trailers'])
    assert.deepEqual(http2([...lines.slice(0, 2), 'Content-Length: 5', 'TE: deflate']).slice(4), ['content-length: 5'])
  })

  it('asks for WebSocket by extended CONNECT where the target takes it', () => {
    const lines = [
      'GET /ws HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: a2V5',
    ]
    assert.deepEqual(http2([...lines, 'Sec-WebSocket-Version: 13']), [
      ':method: CONNECT',
      ':protocol: websocket',
      ':scheme: http',
      ':authority: x',
      ':path: /ws',
      'sec-websocket-version: 13',
    ])
    assert.deepEqual(http2(lines, { extendedConnect: false }), [
      ':method: GET',
      ':scheme: http',
      ':authority: x',
      ':path: /ws',
      'sec-websocket-key: a2V5',
    ])
    for (const other of ['POST /ws HTTP/1.1', 'GET /ws HTTP/1.0'])
      assert.notEqual(http2([other, ...lines.slice(1)])[0], ':method: CONNECT')
    assert.equal(http2([...lines, 'Content-Length: 3'])[0], ':method: GET')
  })
})

const piece = fc.constantFrom(
  'a',
  'B',
  '/',
  ' ',
  '\t',
  '\r\n',
  '\n',
  '\0',
  ':',
  'host',
  'é',
  '?',
  '#',
  '@',
  'HTTP/1.1',
  '%0d%0a',
  ',',
  ';',
)
const text = fc.array(piece, { maxLength: 5 }).map((all) => all.join(''))
const anyOr = (...usual: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: text })
const header = fc.oneof(
  fc.tuple(
    anyOr('x-a', 'x-b', 'cookie', 'trailer', 'accept'),
    fc.oneof({ weight: 3, arbitrary: anyOr('a', '', 'é; b') }, text),
  ),
  fc.constantFrom<[string, string][]>(
    ['te', 'trailers'],
    ['te', 'gzip'],
    ['content-length', '5'],
    ['content-length', '0'],
    ['content-length', '05x'],
    ['transfer-encoding', 'chunked'],
    ['host', 'orders'],
    ['host', 'evil'],
    ['expect', '100-continue'],
    ['http2-settings', 'AA'],
    ['sec-websocket-key', 'x'],
  ),
)
const anyHead = fc.record({
  method: anyOr('GET', 'POST', 'CONNECT', 'OPTIONS', 'HEAD'),
  scheme: anyOr('http', 'https'),
  authority: anyOr('orders', 'orders:80'),
  path: fc.oneof(
    anyOr('/', '/a?b', '*'),
    text.map((rest) => `/${rest}`),
  ),
  protocol: fc.option(anyOr('websocket', 'connect-udp'), { freq: 2, nil: undefined }),
  others: fc.array(header, { maxLength: 4 }),
})

describe('a bridged request', () => {
  it('is one message of HTTP/1.1 with the same fields, or none', () => {
    let passed = 0
    fc.assert(
      fc.property(anyHead, fc.boolean(), ({ method, scheme, authority: host, path, protocol, others }, ended) => {
        const connects = method === 'CONNECT' && protocol === undefined
        const fields = [
          field(':method', method),
          ...(protocol === undefined ? [] : [field(':protocol', protocol)]),
          ...(connects ? [] : [field(':scheme', scheme), field(':path', path)]),
          field(':authority', host),
          ...others.map(([one, other]) => field(one, other)),
        ]
        const head = readOrRefuse(fields)
        if (head === undefined) return
        passed++
        const made = requestToHttp1(head, ended)
        const read = readHttp1(made.head)
        assert.equal(read.method, protocol === undefined ? method : 'GET')
        assert.equal(read.target, connects ? host : path)
        assert.equal(read.fields.list('host'), host)
        const { kind } = requestFraming(read)
        assert.equal(kind, made.framing === 'tunnel' ? 'none' : made.framing)
        const kept = (list: [string, string][]): string[] =>
          list.filter(([one]) => !MADE.has(one)).map((pair) => pair.join(': '))
        assert.deepEqual(kept(read.headers), kept(head.headers))
        assert.equal(read.fields.list('cookie'), head.list('cookie'))
      }),
      { numRuns: 5000 },
    )
    assert.ok(passed > 300, `${passed} were no requests`)
  })

  it('is what it was when it comes back', () => {
    fc.assert(
      fc.property(anyHead, ({ others }) => {
        const head = readOrRefuse([...blockOf(...GET).fields, ...others.map(([one, other]) => field(one, other))])
        if (head === undefined) return
        const ended = head.contentLength === undefined || head.contentLength === 0
        const back = requestFromHttp1(readHttp1(requestToHttp1(head, ended).head), TARGET)
        const again = requestHead(new HpackDecoder().decode(encodeBlock(back.fields)), 1)
        for (const part of ['method', 'scheme', 'authority', 'path', 'contentLength', 'protocol'] as const) {
          assert.equal(again[part], head[part])
        }
        assert.equal(again.list('te') === '', head.list('te') === '')
        assert.equal(again.list('cookie'), head.list('cookie'))
      }),
      { numRuns: 3000 },
    )
  })
})

/** Made anew, or joined, on the way. */
const MADE = new Set([
  'host',
  'te',
  'connection',
  'upgrade',
  'cookie',
  'content-length',
  'transfer-encoding',
  'sec-websocket-key',
  'http2-settings',
])

function readOrRefuse(fields: Field[]): RequestHead | undefined {
  try {
    return requestHead(new HpackDecoder().decode(encodeBlock(fields)), 1)
  } catch (error) {
    assert.ok(error instanceof Http2Error)
    return undefined
  }
}
