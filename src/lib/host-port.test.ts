import assert from 'node:assert/strict'
import { it } from 'node:test'
import { hostPortText, parseHostPort } from './host-port.ts'

it('hostPortText and parseHostPort are each other’s inverse', () => {
  for (const [text, host] of [
    ['10.0.0.1:7070', '10.0.0.1'],
    ['[fd00::1]:31000', 'fd00::1'],
    ['lb-1.eu.example.com:443', 'lb-1.eu.example.com'],
  ] as const) {
    const parsed = parseHostPort(text)
    assert.equal(parsed?.host, host)
    assert.equal(parsed && hostPortText(parsed), text)
  }
})

it('parseHostPort gives undefined for what is no host and port', () => {
  for (const text of ['', '10.0.0.1', ':7070', 'a:0', 'a:65536', 'fd00::1:7070', 'a b:1', 'http://a:1', '[x]:1']) {
    assert.equal(parseHostPort(text), undefined, text)
  }
})
