import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../lib/fake-clock.ts'
import { type RequestText, requestOf } from '../../lib/filter/fixtures/request.ts'
import type { Route, Seen, WatchedFor } from '../../wire/messages/control.ts'
import { MOST, Watch } from './watch.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const WATCH: WatchedFor = { mark: 'verify-1a', trace: TRACE, from: ['10.0.0.5'] }
const MARKED: RequestText = { headers: { 'x-remocal': 'verify-1a' } }
const NOBODY: ReadonlySet<string> = new Set()
const FROM_THEM: RequestText = { source: { ip: '10.0.0.5' } }

function watch(about: WatchedFor | undefined = WATCH): {
  watch: Watch
  told: Seen[]
  clock: FakeClock
  heard: boolean
} {
  const told: Seen[] = []
  const clock = new FakeClock()
  const all = { told, clock, heard: true }
  const one = new Watch({
    intercept: 'w',
    clock,
    tell(seen) {
      if (all.heard) told.push(seen)
      return all.heard
    },
  })
  const route: Route = {
    ...{
      intercept: 'w',
      name: 'shop/w',
      mode: 'watch',
      session: 's',
      owner: 'o',
      ports: [80],
      filter: '',
      priority: 0,
    },
    watch: about,
  }
  one.set(route)
  return Object.assign(all, { watch: one })
}

describe('a watch', () => {
  it('tells which headers carried its mark, who sent it, and what for without the query', () => {
    const { watch: one, told } = watch()
    const headers = {
      ...{ 'x-remocal': 'other', baggage: 'a=b, x-remocal=verify-1a', tracestate: 'x-remocal=verify-1a' },
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
    }
    one.see(8080, requestOf({ method: 'POST', target: '/a?key=secret', headers }))
    const about = { port: 8080, method: 'POST', path: '/a', from: '10.1.2.3', trace: true }
    assert.deepEqual(told, [{ kind: 'seen', intercept: 'w', ...about, marks: ['baggage', 'tracestate'] }])
  })

  it('tells of requests of its trace and of those who are named, without a mark too, and counts all others', () => {
    const { watch: one, told } = watch()
    const traced = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }
    one.see(80, requestOf({ headers: traced }))
    one.see(80, requestOf(FROM_THEM))
    one.see(80, requestOf({ headers: { 'x-remocal': 'jane-7f3a', traceparent: '00-1-2-3' } }))
    one.unread()
    assert.deepEqual(
      told.map(({ marks, trace, from }) => ({ marks, trace, from })),
      [
        { marks: [], trace: true, from: '10.1.2.3' },
        { marks: [], trace: false, from: '10.0.0.5' },
      ],
    )
    assert.deepEqual(one.news(NOBODY), {
      kind: 'beside',
      intercept: 'w',
      others: 1,
      unread: 1,
      untold: 0,
      closed: [],
      closedOthers: 0,
      old: [],
      oldOthers: 0,
    })
    assert.equal(one.news(NOBODY), undefined)
  })

  it('sees a request that is decided about twice once', () => {
    const { watch: one, told } = watch()
    const request = requestOf(MARKED)
    one.see(80, request)
    one.see(80, request)
    assert.equal(told.length, 1)
  })

  it('says which of those who are named have connections that are not read', () => {
    const { watch: one } = watch()
    const { old, oldOthers } = one.news(new Set(['10.0.0.5', '10.0.0.6'])) ?? {}
    assert.deepEqual([old, oldOthers], [['10.0.0.5'], 1])
    assert.deepEqual(one.news(NOBODY)?.old, [])
  })

  it('says which of those who are named spoke TLS that it does not see into, and how often others did', () => {
    const { watch: one } = watch()
    for (const from of ['10.0.0.5', '10.0.0.6', '10.0.0.5', '10.0.0.6']) one.closed(from)
    const { closed, closedOthers } = one.news(NOBODY) ?? {}
    assert.deepEqual([closed, closedOthers], [['10.0.0.5'], 2])
  })

  it('about nothing tells nothing', () => {
    const { watch: one, told } = watch(undefined)
    one.set({
      ...{ intercept: 'w', name: '', mode: 'watch', session: '', owner: '', ports: [], filter: '', priority: 0 },
    })
    one.see(80, requestOf())
    one.see(80, requestOf(MARKED))
    assert.equal(told.length, 0)
  })

  it('tells so many only, and others do not use up the place of its own', () => {
    const { watch: one, told, clock } = watch()
    for (let n = 0; n < 500; n++) one.see(80, requestOf(FROM_THEM))
    assert.equal(told.length, MOST.othersPerSecond)
    one.see(80, requestOf(MARKED))
    assert.equal(told.length, MOST.othersPerSecond + 1)
    for (let second = 0; second < 20; second++) {
      clock.advance(1000)
      for (let n = 0; n < 200; n++) one.see(80, requestOf(FROM_THEM))
    }
    assert.equal(told.length, MOST.others + 1)
    for (let n = 0; n < 1000; n++) one.see(80, requestOf(MARKED))
    assert.equal(told.length, MOST.others + MOST.own)
    assert.equal(one.news(NOBODY)?.untold, 500 + 4000 + 1001 - told.length)
  })

  it('counts what its laptop did not hear', () => {
    const all = watch()
    all.heard = false
    all.watch.see(80, requestOf(MARKED))
    assert.equal(all.watch.news(NOBODY)?.untold, 1)
  })

  it('tells no more of a path than can be shown', () => {
    const { watch: one, told } = watch()
    one.see(80, requestOf({ ...MARKED, target: `/${'a'.repeat(9000)}` }))
    assert.equal(told[0]?.path.length, 512)
  })
})
