import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countsText } from './counts.ts'
import { differenceText } from './difference.ts'
import { shareText } from './share.ts'

test('a difference shows both answers field by field, and nothing that a terminal would obey', () => {
  const event = {
    at: '2026-03-02T13:40:05.123Z',
    method: 'GET',
    target: '/orders/3',
    port: 8080,
    differences: [
      { field: 'status', app: '200', laptop: '500' },
      { field: 'set-cookie', app: 'a=1\nb=\u001b[31m\u009b0m' },
    ],
    more: 2,
  }
  assert.equal(
    differenceText(event),
    [
      '13:40:05 GET /orders/3',
      '  status      app     200',
      '              laptop  500',
      '  set-cookie  app     a=1\\x0ab=\\x1b[31m\\x9b0m',
      '              laptop  (nothing)',
      '  and 2 more differences',
      '',
    ].join('\n'),
  )
})

test('counts say what was dropped and why, and what was compared where it was', () => {
  const none = { slow: 0, rate: 0, large: 0, broken: 0, unheard: 0 }
  assert.equal(countsText({ copied: 5, dropped: none }), '5 copied, 0 dropped')
  const compared = { same: 1, different: 2, uncompared: 3, untold: 1, pending: 4 }
  assert.equal(
    countsText({ copied: 6, dropped: { ...none, slow: 2, rate: 1 }, compared }),
    '6 copied, 3 dropped (slow 2, rate 1): 1 the same, 2 different (1 not shown), 3 not compared, 4 not answered yet',
  )
})

test('a share is said as it was asked for', () => {
  assert.equal(shareText({ percent: 100, diff: false }, ''), 'all requests')
  const filter = '"jane-1" in request.marks'
  assert.equal(
    shareText({ percent: 0.5, maxRps: 10, diff: true }, filter),
    `0.5% of requests with ${filter}, at most 10 a second`,
  )
})
