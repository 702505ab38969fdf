import assert from 'node:assert/strict'
import { test } from 'node:test'
import { octetsText } from './octets-text.ts'

test('octets are read as UTF-8 where they are, and stay what they are elsewhere', () => {
  const octets = (text: string): string => Buffer.from(text).toString('latin1')
  for (const text of ['', 'plain', 'é', 'x=😀', '日本']) assert.equal(octetsText(octets(text)), text)
  for (const other of ['\u00e9', 'a\u00ff', '\u00c3', octets('😀').slice(0, 3)]) assert.equal(octetsText(other), other)
})
