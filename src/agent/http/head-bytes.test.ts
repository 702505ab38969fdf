import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadMessage, type RequestHead, readRequestHead } from '../../lib/http1/head.ts'
import { HeadBytes } from './head-bytes.ts'

/** Reads a head that comes octet by octet. */
function dripped(text: string): { head: RequestHead | undefined; reads: number; bytes: HeadBytes } {
  const bytes = new HeadBytes()
  let reads = 0
  let head: RequestHead | undefined
  for (const octet of Buffer.from(text, 'latin1')) {
    bytes.add(Buffer.of(octet))
    head = bytes.head((all) => {
      reads++
      return readRequestHead(all)
    })
  }
  return { head, reads, bytes }
}

const lines = Array.from({ length: 900 }, (_, at) => `X-${at}: ${'v'.repeat(60)}\r\n`)

test('a head that comes octet by octet is read at its first and its last, and not for each of them', () => {
  const text = `GET / HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`
  const { head, reads, bytes } = dripped(text)
  assert.equal(head?.bytes, text.length)
  assert.ok(reads <= 2, `it was read ${reads} times`)
  assert.equal(bytes.take(text.length).toString('latin1'), text)
  assert.equal(bytes.length, 0)
})

test('what can be no head any more is refused before its end comes', () => {
  assert.throws(() => dripped(`GET / HTTP/1.1\nHost: x`), BadMessage)
  assert.throws(() => dripped(`GET / HTTP/1.1\r\n${lines.join('').repeat(2)}`), { status: 431 })
})

test('pieces that were taken stay as they are when more comes', () => {
  const bytes = new HeadBytes()
  bytes.add(Buffer.from('ab'))
  bytes.add(Buffer.from('cd'))
  const taken = bytes.take(3)
  bytes.add(Buffer.from('e'.repeat(3000)))
  assert.equal(taken.toString(), 'abc')
  assert.equal(bytes.bytes.toString(), `d${'e'.repeat(3000)}`)
})
