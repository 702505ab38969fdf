import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../lib/fake-clock.ts'
import { requestOf } from '../../lib/filter/fixtures/request.ts'
import type { Route } from '../../wire/messages/control.ts'
import type { Laptop } from '../laptops.ts'
import { Watches } from './watches.ts'

const ROUTE: Route = {
  ...{
    intercept: 'w',
    name: 'shop/w',
    mode: 'watch',
    session: 's',
    owner: 'o',
    ports: [80, 81],
    filter: '',
    priority: 0,
  },
  watch: { mark: 'm', trace: '', from: ['10.0.0.5'] },
}

function started(): { watches: Watches; told: object[]; serve(isSo: boolean): void } {
  const told: object[] = []
  let laptop: Laptop | undefined
  const watches = new Watches({ clock: new FakeClock(), serving: () => laptop })
  const serve = (isSo: boolean): void => {
    laptop = isSo ? ({ tell: (news: object) => void told.push(news) } as unknown as Laptop) : undefined
  }
  serve(true)
  return { watches, told, serve }
}

test('nothing is said of older connections before a port is taken, for nothing is known of them', () => {
  const { watches, told } = started()
  watches.watcher(ROUTE, 80)
  const bypassing = (): Set<string> => assert.fail('nobody wants to know')
  watches.tell({ taken: new Set(), bypassing })
  assert.equal(told.length, 0)
  watches.tell({ taken: new Set([81]), bypassing: () => new Set(['10.0.0.5']) })
  const counts = { others: 0, unread: 0, untold: 0, closed: [], closedOthers: 0 }
  assert.deepEqual(told, [{ kind: 'beside', intercept: 'w', ...counts, old: ['10.0.0.5'], oldOthers: 0 }])
})

test('the ports of a watch count together, and a laptop that was away is told all', () => {
  const { watches, told, serve } = started()
  const [one, other] = [watches.watcher(ROUTE, 80), watches.watcher(ROUTE, 81)]
  serve(false)
  one.see(requestOf())
  other.unread()
  other.see(requestOf({ headers: { 'x-remocal': 'm' } }))
  const ports = { taken: new Set([80]), bypassing: () => new Set<string>() }
  watches.tell(ports)
  assert.equal(told.length, 0)
  serve(true)
  watches.tell(ports)
  const counts = { others: 1, unread: 1, untold: 1, closed: [], closedOthers: 0, old: [], oldOthers: 0 }
  assert.deepEqual(told, [{ kind: 'beside', intercept: 'w', ...counts }])
})

test('a watch that is none of the routes any more is forgotten', () => {
  const { watches, told } = started()
  watches.watcher(ROUTE, 80)
  watches.refresh([])
  watches.tell({ taken: new Set([80]), bypassing: () => new Set() })
  assert.equal(told.length, 0)
})
