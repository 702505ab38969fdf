import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERROR_CODE } from '../error-code.ts'
import { blockOf, GET } from '../fixtures/block.ts'
import { HpackDecoder } from '../hpack/decoder.ts'
import { requestHead } from './request-head.ts'

const wrong = { code: ERROR_CODE.PROTOCOL_ERROR, stream: 7 }

describe('requestHead', () => {
  it('has what a request says', () => {
    const head = requestHead(blockOf(...GET, 'te: trailers', 'content-length: 12', 'cookie: a=1', 'cookie: b=2'), 7)
    assert.deepEqual(
      [head.method, head.scheme, head.path, head.authority, head.protocol, head.contentLength, head.connects],
      ['GET', 'http', '/a?q=1', 'orders:81', undefined, 12, false],
    )
    assert.deepEqual(head.headers.slice(0, 2), [
      ['te', 'trailers'],
      ['content-length', '12'],
    ])
    assert.equal(head.list('cookie'), 'a=1; b=2')
    assert.equal(head.list(':path'), '')
  })

  const [method, scheme, path, authority] = GET as [string, string, string, string]
  const TAKEN: [title: string, lines: string[]][] = [
    ['pseudo-header fields in any order', [authority, path, scheme, method]],
    ['Host alone', [method, scheme, path, 'host: x']],
    ['Host beside the same authority', [...GET, 'host: ORDERS:81']],
    ['Host without the default port', [method, scheme, path, ':authority: a:80', 'host: A']],
    ['the default port of https', [method, ':scheme: https', path, ':authority: a', 'host: a:443']],
    ['OPTIONS *', [':method: OPTIONS', scheme, ':path: *', authority]],
    ['other schemes', [method, ':scheme: coap', path, authority]],
    ['CONNECT', [':method: CONNECT', authority]],
    ['CONNECT with a length', [':method: CONNECT', authority, 'content-length: 5']],
    ['extended CONNECT', [':method: CONNECT', ':protocol: websocket', scheme, path, authority]],
    ['methods that nobody knows', [':method: purge-all', scheme, path, authority]],
    ['an empty value', [...GET, 'x: ']],
    ['octets above ASCII', [...GET, 'x: é', 'y: a\tb']],
    ['a host of a name with underscores', [method, scheme, path, ':authority: my_orders.shop.']],
    ['an address', [method, scheme, path, ':authority: [::1]:80']],
    ['te twice', [...GET, 'te: trailers', 'te: Trailers']],
  ]
  for (const [title, lines] of TAKEN) {
    it(`takes ${title}`, () => {
      requestHead(blockOf(...lines), 7)
    })
  }

  const REFUSED: [title: string, lines: string[]][] = [
    ['no method', [scheme, path, authority]],
    ['no scheme', [method, path, authority]],
    ['no path', [method, scheme, authority]],
    ['no host at all', [method, scheme, path]],
    ['no host of any scheme', [method, ':scheme: urn', path]],
    ['an empty authority', [method, scheme, path, ':authority: ']],
    ['an empty Host', [method, scheme, path, 'host: ']],
    ['an empty path', [method, scheme, ':path: ', authority]],
    ['an absolute path form', [method, scheme, ':path: http://x/', authority]],
    ['a path with a space', [method, scheme, ':path: /a b', authority]],
    ['a path with a request behind it', [method, scheme, ':path: / HTTP/1.1\r\nHost: evil', authority]],
    ['GET *', [method, scheme, ':path: *', authority]],
    ['a method with a space', [':method: GET /', scheme, path, authority]],
    ['an empty method', [':method: ', scheme, path, authority]],
    ['a scheme with a space', [method, ':scheme: http x', path, authority]],
    ['an authority with a path', [method, scheme, path, ':authority: a/b']],
    ['an authority above ASCII', [method, scheme, path, ':authority: é']],
    ['an authority with a user', [method, scheme, path, ':authority: u@a']],
    ['an authority with a space', [method, scheme, path, ':authority: a b']],
    ['a method twice', [method, ...GET]],
    ['a path twice', [path, ...GET]],
    ['an authority twice', [authority, ...GET]],
    ['Host twice', [...GET, 'host: orders:81', 'host: orders:81']],
    ['Host beside another authority', [...GET, 'host: evil']],
    ['a port of another scheme', [method, ':scheme: https', path, ':authority: a:80', 'host: a']],
    ['a pseudo-header field behind others', [method, scheme, path, 'x: y', authority]],
    ['a pseudo-header field behind a cookie', [method, scheme, path, 'cookie: y', authority]],
    ['an unknown pseudo-header field', [...GET, ':x: y']],
    [':status', [...GET, ':status: 200']],
    [':protocol without CONNECT', [...GET, ':protocol: websocket']],
    ['CONNECT with a path', [':method: CONNECT', scheme, path, authority]],
    ['CONNECT without an authority', [':method: CONNECT', 'host: a']],
    ['extended CONNECT without a path', [':method: CONNECT', ':protocol: websocket', scheme, authority]],
    ['a name in upper case', [...GET, 'X-User: jane']],
    ['a name with a space', [...GET, 'x y: jane']],
    ['a name with a colon', [...GET, 'x:y: jane']],
    ['an empty name', [...GET, ': jane']],
    ['a name with a line end', [...GET, 'x\r\ny: jane']],
    ['a value with CR', [...GET, 'x: a\rb']],
    ['a value with LF', [...GET, 'x: a\nb']],
    ['a value with NUL', [...GET, 'x: a\0b']],
    ['a value with a space before', [...GET, 'x:  a']],
    ['a value with a tab behind', [...GET, 'x: a\t']],
    ['connection', [...GET, 'connection: close']],
    ['proxy-connection', [...GET, 'proxy-connection: close']],
    ['keep-alive', [...GET, 'keep-alive: 1']],
    ['transfer-encoding', [...GET, 'transfer-encoding: chunked']],
    ['upgrade', [...GET, 'upgrade: websocket']],
    ['te', [...GET, 'te: gzip, trailers']],
    ['two lengths', [...GET, 'content-length: 1', 'content-length: 1']],
    ['a list of lengths', [...GET, 'content-length: 1, 1']],
    ['a signed length', [...GET, 'content-length: +1']],
    ['a length of 16 digits', [...GET, 'content-length: 1000000000000000']],
    ['no length', [...GET, 'content-length: ']],
  ]
  for (const [title, lines] of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.throws(() => requestHead(blockOf(...lines), 7), wrong)
      // What was found out of entries says the same the second time.
      assert.throws(() => requestHead(blockOf(...lines), 7), wrong)
    })
  }

  it('refuses what is only the beginning of a list', () => {
    const block = new HpackDecoder({ listBytes: 100 }).decode(blockOf(...GET, 'x: y').encoded)
    assert.equal(block.tooLarge, true)
    assert.throws(() => requestHead(block, 7), { code: ERROR_CODE.ENHANCE_YOUR_CALM, stream: 7 })
  })
})
