import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BadMessage } from './bad-message.ts'
import { readRequestText } from './request-text.ts'

const HEAD = ['POST /api?q=1 HTTP/1.1', 'Host: orders', 'Content-Type: application/json', 'X-User: jane']

describe('a request as text', () => {
  it('is read with either end of lines, with a body or none', () => {
    for (const end of ['\n', '\r\n']) {
      const request = readRequestText(Buffer.from(`${[...HEAD, '', '{"n": "é"}', ''].join(end)}`))
      assert.deepEqual(
        [request.method, request.path, request.query('q'), request.header('x-user')],
        ['POST', '/api', '1', 'jane'],
      )
      assert.deepEqual(request.body, { n: 'é' })
      assert.equal(readRequestText(Buffer.from(HEAD.join(end))).body, undefined)
      assert.equal(readRequestText(Buffer.from(`${HEAD.join(end)}${end}`)).host, 'orders')
    }
  })

  it('ends its body where its head says', () => {
    const body = (...rest: string[]): unknown => readRequestText(Buffer.from([...HEAD, ...rest].join('\r\n'))).body
    assert.deepEqual(body('Content-Length: 7', '', '{"n":3} and more'), { n: 3n })
    assert.deepEqual(body('Transfer-Encoding: chunked', '', '4', '{"n"', '3', ':3}', '0', '', ''), { n: 3n })
    assert.deepEqual(body('Transfer-Encoding: chunked', '', '{"n":3}'), { n: 3n })
    assert.equal(body('', '{"n":'), undefined)
    // As from `curl -v`, which shows no bodies.
    assert.equal(body('Content-Length: 7', '', ''), undefined)
  })

  it('has no JSON when it does not say so', () => {
    const [line = '', host = ''] = HEAD
    assert.equal(readRequestText(Buffer.from([line, host, '', '{}'].join('\n'))).body, undefined)
  })

  it('is found in what curl -v shows', () => {
    const shown = [
      '* Connected to orders',
      '> GET /a HTTP/2',
      '> Host: orders',
      '> x-user: jane',
      '> ',
      '* Request sent',
      '< HTTP/1.1 200 OK',
      '<',
      'x',
    ]
    const request = readRequestText(Buffer.from(shown.join('\n')))
    assert.deepEqual([request.path, request.header('x-user'), request.body], ['/a', 'jane', undefined])
  })

  it('is refused when an agent would refuse it', () => {
    for (const text of [
      '',
      'hello',
      'GET / HTTP/1.1\n',
      'GET / HTTP/1.1\nHost: a\nno colon\n\n',
      'GET / HTTP/1.1\nHost: a\nHost: b\n\n',
      '> x',
      'POST / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked\n\n',
      'POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2\n\n{}',
      'POST / HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n',
      'POST / HTTP/1.0\nHost: a\nTransfer-Encoding: chunked\n\n',
      'POST / HTTP/1.1\nHost: a\nContent-Length: 9\n\n{}',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a=\x01\r\n{}\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}',
    ]) {
      assert.throws(() => readRequestText(Buffer.from(text)), BadMessage, text)
    }
  })
})
