import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bridges } from './bridges.ts'
import type { Laptop } from './routing.ts'

test('bridged requests are counted for their attachment, and the app’s for each that has its port', () => {
  const bridges = new Bridges()
  const laptop = { to: 'laptop', intercept: 'a' } as Laptop
  bridges.count(80, laptop, 'http2')
  bridges.count(80, { to: 'app' }, 'http1')
  bridges.count(90, { to: 'app' }, 'http1')
  const a = { intercept: 'a', ports: [80, 90] }
  const b = { intercept: 'b', ports: [90] }
  const none = { http1: 0, http2: 0 }
  const of = (intercept: string, ofLaptop: object, app: object): object => ({
    kind: 'bridged',
    intercept,
    laptop: ofLaptop,
    app,
  })
  assert.deepEqual(bridges.of(a), of('a', { http1: 0, http2: 1 }, { http1: 2, http2: 0 }))
  assert.deepEqual(bridges.of(b), of('b', none, { http1: 1, http2: 0 }))
  bridges.keep([b])
  assert.deepEqual(bridges.of(a), of('a', none, { http1: 1, http2: 0 }))
})
