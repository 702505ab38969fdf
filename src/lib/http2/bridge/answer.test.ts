import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BodyReader } from '../../http1/body-reader.ts'
import { responseFraming } from '../../http1/framing.ts'
import { readResponseHead } from '../../http1/head.ts'
import { blockOf } from '../fixtures/block.ts'
import { responseHead } from '../messages/response-head.ts'
import { trailers } from '../messages/trailers.ts'
import { answerFromHttp1 } from './answer-from-http1.ts'
import { type Asked, answerToHttp1 } from './answer-to-http1.ts'
import { chunkOf, lastChunk } from './chunks.ts'
import { trailersFromHttp1 } from './trailers-from-http1.ts'
import { acceptOf, type Upgrade, upgradeTo } from './upgrade.ts'

const ASKED: Asked = { method: 'GET', minor: 1, keepsAlive: true, upgrade: undefined }
const WEBSOCKET: Upgrade = { protocol: 'websocket', key: 'dGhlIHNhbXBsZSBub25jZQ==' }

function http1(lines: string[], asked: Partial<Asked> = {}, ended = false): string[] | undefined {
  const all = { ...ASKED, ...asked }
  const answer = responseHead(blockOf(...lines), 1, all.upgrade === undefined ? all.method : 'CONNECT')
  const made = answerToHttp1(answer, all, ended)
  if (made === undefined) return undefined
  const head = readResponseHead(made.head)
  assert.ok(head)
  assert.equal(head.bytes, made.head.length)
  const { kind } = responseFraming(head, all.method)
  if (made.framing !== 'tunnel') assert.equal(kind, made.framing)
  return [made.framing, ...made.head.toString('latin1').split('\r\n').slice(0, -2)]
}

function http2(lines: string[], method = 'GET', upgrade?: Upgrade): string[] {
  const head = readResponseHead(Buffer.from([...lines, '', ''].join('\r\n')))
  assert.ok(head)
  return answerFromHttp1(head, method, upgrade).map(({ name, value }) => `${name}: ${value}`)
}

describe('answerToHttp1', () => {
  it('frames the body as the client can read it', () => {
    const ok = [':status: 200', 'server: x']
    const line = ['HTTP/1.1 200 OK', 'server: x']
    assert.deepEqual(http1(ok), ['chunked', ...line, 'transfer-encoding: chunked'])
    assert.deepEqual(http1(ok, { keepsAlive: false }), [
      'chunked',
      ...line,
      'transfer-encoding: chunked',
      'connection: close',
    ])
    assert.deepEqual(http1(ok, { minor: 0 }), ['close', ...line, 'connection: close'])
    assert.deepEqual(http1(ok, {}, true), ['none', ...line, 'content-length: 0'])
    assert.deepEqual(http1([...ok, 'content-length: 5']), ['length', ...line, 'content-length: 5'])
    assert.deepEqual(http1([...ok, 'content-length: 5'], { minor: 0 }), [
      'length',
      ...line,
      'content-length: 5',
      'connection: keep-alive',
    ])
    // Nobody waits for a body that cannot come.
    assert.deepEqual(http1([...ok, 'content-length: 5'], {}, true), ['none', ...line, 'content-length: 0'])
  })

  it('says nothing of a body where there is none', () => {
    assert.deepEqual(http1([':status: 200', 'content-length: 5'], { method: 'HEAD' }, true), [
      'none',
      'HTTP/1.1 200 OK',
      'content-length: 5',
    ])
    assert.deepEqual(http1([':status: 304', 'content-length: 5'])?.at(-1), 'content-length: 5')
    assert.deepEqual(http1([':status: 204', 'content-length: 0'])?.at(-1), 'HTTP/1.1 204 No Content')
    assert.deepEqual(http1([':status: 103', 'link: </a>']), ['none', 'HTTP/1.1 103 Early Hints', 'link: </a>'])
    assert.equal(http1([':status: 103'], { minor: 0 }), undefined)
    assert.equal(http1([':status: 799'])?.[1], 'HTTP/1.1 799 ')
  })

  it('grants an upgrade, and CONNECT', () => {
    assert.deepEqual(http1([':status: 200', 'sec-websocket-protocol: p'], { upgrade: WEBSOCKET }), [
      'tunnel',
      'HTTP/1.1 101 Switching Protocols',
      'sec-websocket-protocol: p',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    ])
    assert.deepEqual(http1([':status: 403', 'content-length: 2'], { upgrade: WEBSOCKET })?.[0], 'length')
    assert.deepEqual(http1([':status: 200', 'content-length: 2'], { method: 'CONNECT' }), ['tunnel', 'HTTP/1.1 200 OK'])
  })
})

describe('answerFromHttp1', () => {
  it('leaves behind what is of the connection', () => {
    const more = [
      'Connection: close, x-mine',
      'X-Mine: 1',
      'Keep-Alive: 5',
      'Transfer-Encoding: chunked',
      'Upgrade: h2c',
    ]
    assert.deepEqual(http2(['HTTP/1.1 200 OK', ...more, 'Set-Cookie: a', 'Set-Cookie: b']), [
      ':status: 200',
      'set-cookie: a',
      'set-cookie: b',
    ])
  })

  it('keeps the length where HTTP/2 may say it', () => {
    assert.deepEqual(http2(['HTTP/1.1 200 OK', 'Content-Length: 5']), [':status: 200', 'content-length: 5'])
    assert.deepEqual(http2(['HTTP/1.1 304 x', 'Content-Length: 5']), [':status: 304', 'content-length: 5'])
    assert.deepEqual(http2(['HTTP/1.1 204 x', 'Content-Length: 5']), [':status: 204'])
    assert.deepEqual(http2(['HTTP/1.1 100 Continue', 'Content-Length: 5']), [':status: 100'])
    assert.deepEqual(http2(['HTTP/1.1 200 OK', 'Content-Length: 5'], 'CONNECT'), [':status: 200'])
    for (const lines of [
      ['Content-Length: 5', 'Content-Length: 6'],
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Content-Length: 5x'],
      ['Transfer-Encoding: gzip, chunked'],
    ]) {
      assert.throws(() => http2(['HTTP/1.1 200 OK', ...lines]), { name: 'Error' }, lines.join())
    }
    assert.throws(() => http2(['HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6'], 'HEAD'), { status: 502 })
  })

  it('takes an upgrade only when it was asked for and granted', () => {
    const granted = [
      'HTTP/1.1 101 x',
      'Connection: Upgrade',
      'Upgrade: WebSocket',
      `Sec-WebSocket-Accept: ${acceptOf(WEBSOCKET.key ?? '')}`,
    ]
    assert.deepEqual(http2([...granted, 'Sec-WebSocket-Protocol: p'], 'CONNECT', WEBSOCKET), [
      ':status: 200',
      'sec-websocket-protocol: p',
    ])
    assert.throws(() => http2(granted), { status: 502 })
    assert.throws(() => http2(granted, 'CONNECT', upgradeTo('websocket')), { status: 502 })
    assert.throws(() => http2(granted, 'CONNECT', upgradeTo('connect-udp')), { status: 502 })
    // 200 of a server that knows no Upgrade would mean to HTTP/2 that the tunnel stands.
    assert.throws(() => http2(['HTTP/1.1 200 OK'], 'CONNECT', WEBSOCKET), { status: 502 })
    assert.deepEqual(http2(['HTTP/1.1 403 x', 'Content-Length: 0'], 'CONNECT', WEBSOCKET), [
      ':status: 403',
      'content-length: 0',
    ])
  })
})

describe('a body in chunks', () => {
  it('is what was sent, with its trailers', () => {
    const bytes = [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(300, 'x')]
    const sent = trailers(blockOf('grpc-status: 0', 'te: trailers', 'grpc-message: é'), 1)
    const octets = Buffer.concat([...bytes.flatMap(chunkOf), lastChunk(sent)])
    const reader = new BodyReader({ kind: 'chunked' }, true)
    const got: Buffer[] = []
    assert.equal(
      reader.take(octets, (piece) => got.push(Buffer.from(piece))),
      octets.length,
    )
    assert.ok(reader.done)
    assert.deepEqual(Buffer.concat(got), Buffer.concat(bytes))
    assert.deepEqual(
      trailersFromHttp1(reader.trailers ?? Buffer.alloc(0)).map(({ name, value }) => [name, value]),
      [
        ['grpc-status', '0'],
        ['grpc-message', 'é'],
      ],
    )
    assert.equal(lastChunk().toString(), '0\r\n\r\n')
    assert.deepEqual(trailersFromHttp1(Buffer.from('\r\n')), [])
  })
})
