import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgedText } from './bridged.ts'

test('bridged requests are told by who answers them', () => {
  assert.equal(
    bridgedText([
      { who: 'laptop', bridged: 'http/1.1 → h2', requests: 1 },
      { who: 'app', bridged: 'h2 → http/1.1', requests: 20 },
    ]),
    '1 request bridged, http/1.1 → h2, since the program speaks no other; ' +
      '20 requests bridged, h2 → http/1.1, since the app speaks no other',
  )
})
