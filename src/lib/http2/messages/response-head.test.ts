import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERROR_CODE } from '../error-code.ts'
import { blockOf } from '../fixtures/block.ts'
import { ContentLength } from './content-length.ts'
import { responseHead } from './response-head.ts'
import { trailers } from './trailers.ts'

const wrong = { code: ERROR_CODE.PROTOCOL_ERROR, stream: 3 }

describe('responseHead', () => {
  it('has the status, and how long the body will be', () => {
    const length = (method: string, ...lines: string[]): number | undefined =>
      responseHead(blockOf(...lines), 3, method).contentLength
    assert.equal(length('GET', ':status: 200', 'content-length: 5'), 5)
    assert.equal(length('GET', ':status: 200'), undefined)
    assert.equal(length('HEAD', ':status: 200', 'content-length: 5'), 0)
    assert.equal(length('GET', ':status: 304', 'content-length: 5'), 0)
    assert.equal(length('GET', ':status: 204', 'content-length: 0'), 0)
    assert.equal(length('CONNECT', ':status: 200', 'content-length: 5'), undefined)
    assert.equal(length('CONNECT', ':status: 502', 'content-length: 5'), 5)
    const interim = responseHead(blockOf(':status: 103', 'link: </a>'), 3, 'GET')
    assert.deepEqual([interim.status, interim.interim], [103, true])
  })

  const REFUSED = [
    ['server: x'],
    [':status: 200', ':status: 200'],
    ['server: x', ':status: 200'],
    [':status: 20'],
    [':status: 2000'],
    [':status: 099'],
    [':status: 101'],
    [':status: 200', ':path: /'],
    [':status: 200', 'connection: close'],
    [':status: 200', 'X: y'],
    [':status: 200', 'x: a\nb'],
    [':status: 200', 'content-length: 1', 'content-length: 1'],
    [':status: 100', 'content-length: 0'],
    [':status: 204', 'content-length: 5'],
  ]
  for (const lines of REFUSED) {
    it(`refuses ${JSON.stringify(lines)}`, () => {
      assert.throws(() => responseHead(blockOf(...lines), 3, 'GET'), wrong)
    })
  }
})

describe('trailers', () => {
  it('are fields that frame and route nothing', () => {
    assert.deepEqual(trailers(blockOf('grpc-status: 0', 'grpc-message: '), 3).headers, [
      ['grpc-status', '0'],
      ['grpc-message', ''],
    ])
    for (const line of [':status: 200', ':path: /', 'content-length: 5', 'host: a', 'connection: x', 'A: b', 'a: b ']) {
      assert.throws(() => trailers(blockOf('x: y', line), 3), wrong, line)
    }
  })
})

describe('ContentLength', () => {
  it('is neither exceeded nor missed', () => {
    const length = new ContentLength(5)
    length.data(3, 3)
    assert.throws(() => length.end(3), wrong)
    length.data(2, 3)
    length.end(3)
    assert.throws(() => length.data(1, 3), wrong)
    assert.throws(() => new ContentLength(0).data(1, 3), wrong)
    const any = new ContentLength(undefined)
    any.data(1e9, 3)
    any.end(3)
  })
})
