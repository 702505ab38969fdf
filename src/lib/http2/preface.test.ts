import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginsAsHttp2 } from './preface.ts'

test('what a server of HTTP/2 says first is known by what there is of it', () => {
  const settings = Buffer.from('00000c0400000000000003000000640004000fffff', 'hex')
  for (let length = 1; length <= settings.length; length++) assert.ok(beginsAsHttp2(settings.subarray(0, length)))
  assert.ok(beginsAsHttp2(Buffer.from('0000080700000000000000000000000001', 'hex')))
  assert.ok(beginsAsHttp2(Buffer.from('000000040000000000', 'hex')))
  const others = ['', '0001000400', '0000000100', '000000040100', '0000000400000000ff', '485454502f312e31', '010000']
  for (const other of others) assert.ok(!beginsAsHttp2(Buffer.from(other, 'hex')), other)
})
