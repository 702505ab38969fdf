import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Seen } from '../../wire/messages/control.ts'
import { type Evidence, type Judgement, judge, type Sighting, type WatchedPod } from './judge.ts'

const SENT_AT = 1000
const PODS = Object.fromEntries(
  ['web', 'orders', 'stock', 'mail'].map((name, at) => [
    name,
    { pod: `${name}-1`, workload: `deploy/${name}`, addresses: [`10.0.0.${at + 1}`, `fd00::${at + 1}`] },
  ]),
) as Record<'web' | 'orders' | 'stock' | 'mail', WatchedPod>
type Name = keyof typeof PODS

const YOU = '10.9.9.9'

interface Came {
  from: Name | typeof YOU
  to: Name
  how?: 'marked' | 'bare' | 'traced'
  at?: number
}

/** In the order in which they were heard of, each a millisecond after the one before. */
function judged(
  came: Came[],
  rest: {
    busy?: Name[]
    named?: Name[]
    old?: [by: Name, to: Name][]
    closed?: [by: Name | typeof YOU, to: Name][]
  } = {},
): Judgement {
  const sightings = came.map(({ from, to, how = 'marked', at }, index): Sighting => {
    const seen: Seen = {
      ...{ kind: 'seen', intercept: 'w', port: 80, method: 'GET', path: `/${to}`, trace: how === 'traced' },
      from: from === YOU ? from : (PODS[from].addresses[0] ?? ''),
      marks: how === 'marked' ? ['baggage'] : [],
    }
    return { at: PODS[to], seen, heardAt: at ?? SENT_AT + index }
  })
  const { busy = [], named = [], old = [], closed = [] } = rest
  const evidence: Evidence = {
    sightings,
    sentAt: SENT_AT,
    named: named.map((name) => PODS[name].workload),
    watched: Object.values(PODS),
    old: (pod) => new Set(old.filter(([, to]) => PODS[to].pod === pod).flatMap(([by]) => PODS[by].addresses)),
    closed(pod) {
      const by = closed.filter(([, to]) => PODS[to].pod === pod).map(([who]) => who)
      return { from: new Set(by.flatMap((who) => (who === YOU ? [] : PODS[who].addresses))), others: by.includes(YOU) }
    },
    hadOthers: (pod) => busy.some((name) => PODS[name].pod === pod),
    caller(ip) {
      const one = Object.values(PODS).find(({ addresses }) => addresses.includes(ip))
      return one === undefined ? { ip } : { ip, pod: one.pod, workload: one.workload }
    },
  }
  return judge(evidence)
}

const chainOf = ({ hops }: Judgement): (string | undefined)[][] =>
  hops.map(({ workload, after }) => [workload, hops[after ?? -1]?.workload])
const dropsOf = ({ drops }: Judgement): unknown[][] =>
  drops.map(({ by, workload, sure }) => [by.workload ?? by.ip, workload, sure])

describe('judge', () => {
  it('puts each service behind the one that asked it, whatever was heard of first', () => {
    const all = judged([
      { from: 'orders', to: 'stock' },
      { from: 'web', to: 'orders' },
      { from: YOU, to: 'web' },
      { from: 'web', to: 'mail' },
    ])
    assert.equal(all.verdict, 'arrived')
    assert.deepEqual(chainOf(all), [
      ['deploy/web', undefined],
      ['deploy/orders', 'deploy/web'],
      ['deploy/stock', 'deploy/orders'],
      ['deploy/mail', 'deploy/web'],
    ])
  })

  it('ends for services that ask each other in a ring, and themselves', () => {
    const all = judged([
      { from: 'orders', to: 'web' },
      { from: 'web', to: 'orders' },
      { from: 'stock', to: 'stock' },
      { from: YOU, to: 'web' },
    ])
    assert.equal(all.hops.length, 4)
    assert.equal(new Set(all.hops).size, 4)
  })

  it('names the first of several that drop it first', () => {
    const all = judged([
      { from: YOU, to: 'web' },
      { from: 'web', to: 'orders' },
      { from: 'orders', to: 'stock', how: 'bare' },
      { from: 'web', to: 'mail', how: 'bare' },
    ])
    assert.equal(all.verdict, 'dropped')
    assert.deepEqual(dropsOf(all), [
      ['deploy/web', 'deploy/mail', true],
      ['deploy/orders', 'deploy/stock', true],
    ])
  })

  it('blames nobody who got it without the mark', () => {
    for (const how of ['bare', 'traced'] as const) {
      const all = judged([
        { from: YOU, to: 'web' },
        { from: 'web', to: 'orders', how },
        { from: 'orders', to: 'stock', how },
      ])
      assert.deepEqual(dropsOf(all), [['deploy/web', 'deploy/orders', true]])
    }
  })

  it('names an address that is not watched when the trace came from there without the mark', () => {
    const all = judged([{ from: '10.9.9.9', to: 'orders', how: 'traced' }])
    assert.deepEqual(dropsOf(all), [['10.9.9.9', 'deploy/orders', true]])
  })

  it('is sure of a service that had other requests only by the trace', () => {
    const came: Came[] = [
      { from: YOU, to: 'web' },
      { from: 'web', to: 'orders', how: 'bare' },
    ]
    assert.deepEqual(dropsOf(judged(came, { busy: ['web'] })), [['deploy/web', 'deploy/orders', false]])
    const traced: Came = { from: 'web', to: 'orders', how: 'traced' }
    assert.deepEqual(dropsOf(judged([...came, traced], { busy: ['web'] })), [['deploy/web', 'deploy/orders', true]])
    const before: Came = { from: 'web', to: 'mail', how: 'bare', at: SENT_AT - 1 }
    assert.deepEqual(dropsOf(judged([before, ...came])), [['deploy/web', 'deploy/orders', false]])
    const asked: Came = { from: 'stock', to: 'web', how: 'bare' }
    assert.deepEqual(dropsOf(judged([...came, asked])), [['deploy/web', 'deploy/orders', false]])
  })

  it('takes what came before the mark did for nobody’s', () => {
    const all = judged([
      { from: 'web', to: 'orders', how: 'bare', at: SENT_AT - 500 },
      { from: YOU, to: 'web' },
    ])
    assert.equal(all.verdict, 'arrived')
    const early = judged([
      { from: 'web', to: 'orders', how: 'bare' },
      { from: YOU, to: 'web', at: SENT_AT + 2000 },
    ])
    assert.deepEqual(early.drops, [])
  })

  it('does not blame a busy service that hands it on elsewhere, and says so', () => {
    const came: Came[] = [
      { from: YOU, to: 'web' },
      { from: 'web', to: 'orders' },
      { from: 'web', to: 'stock', how: 'bare' },
    ]
    const all = judged(came, { busy: ['web'] })
    assert.equal(all.verdict, 'arrived')
    assert.match(all.notes.join(), /deploy\/web also asked deploy\/stock without the mark/)
    assert.deepEqual(dropsOf(judged(came)), [['deploy/web', 'deploy/stock', true]])
  })

  it('does not count requests without it beside some with it', () => {
    const came: Came[] = [
      { from: YOU, to: 'web' },
      { from: 'web', to: 'orders' },
      { from: 'web', to: 'orders', how: 'bare' },
    ]
    assert.equal(judged(came).verdict, 'arrived')
  })

  it('knows what was named and did not get it', () => {
    assert.equal(judged([]).verdict, 'unseen')
    const all = judged([{ from: YOU, to: 'web' }], { named: ['web', 'orders'] })
    assert.deepEqual([all.verdict, all.unreached], ['unreached', ['deploy/orders']])
    assert.equal(judged([{ from: YOU, to: 'web' }], { named: ['web'] }).verdict, 'arrived')
  })

  it('says that it cannot tell where connections are older than the watch', () => {
    const came: Came[] = [{ from: YOU, to: 'web' }]
    const old: [Name, Name][] = [
      ['web', 'orders'],
      ['mail', 'stock'],
    ]
    const all = judged(came, { old })
    assert.deepEqual([all.verdict, all.blind], ['unclear', [{ by: 'deploy/web', to: 'deploy/orders', why: 'older' }]])
    assert.equal(judged(came, { old, named: ['web', 'orders'] }).verdict, 'unclear')
    assert.equal(judged(came, { old, named: ['web', 'stock'] }).verdict, 'unreached')
    assert.equal(judged(came, { old, named: ['web'] }).verdict, 'arrived')
    assert.equal(judged([...came, { from: 'web', to: 'orders' }], { old }).verdict, 'arrived')
  })

  it('says that it cannot tell where nobody looks into TLS', () => {
    const came: Came[] = [{ from: YOU, to: 'web' }]
    const closed: [Name | typeof YOU, Name][] = [
      ['web', 'orders'],
      ['mail', 'stock'],
      [YOU, 'mail'],
    ]
    const all = judged(came, { closed })
    assert.deepEqual([all.verdict, all.blind], ['unclear', [{ by: 'deploy/web', to: 'deploy/orders', why: 'tls' }]])
    assert.equal(judged(came, { closed, named: ['web', 'stock'] }).verdict, 'unreached')
    // A service that is not watched stands between.
    const named = judged(came, { closed, named: ['web', 'mail'] })
    assert.deepEqual([named.verdict, named.blind.at(-1)], ['unclear', { to: 'deploy/mail', why: 'tls' }])
    const first = judged([], { closed })
    assert.deepEqual([first.verdict, first.blind], ['unclear', [{ to: 'deploy/mail', why: 'tls' }]])
  })
})
