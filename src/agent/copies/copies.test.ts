/** Wiretaps of a pod with daemons' sessions, in one process. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FakeClock } from '../../lib/fake-clock.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import { memoryPair } from '../../wire/link/memory.ts'
import type { Route } from '../../wire/messages/control.ts'
import { PROTOCOL } from '../../wire/messages/hello.ts'
import { createIdentity } from '../../wire/session/identity.ts'
import { TestDaemon } from '../fixtures/daemon.ts'
import { Laptops } from '../laptops.ts'
import { Copies } from './copies.ts'

const ROUTE: Route = {
  ...{ intercept: 'w', name: 'shop/orders-anna', mode: 'wiretap', session: 'anna', owner: 'anna', ports: [8080] },
  ...{ filter: '', priority: 0, copies: { percent: 100, diff: false } },
}
const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')

function start(
  t: TestContext,
  logger: Logger = silentLogger,
): {
  copies: Copies
  clock: FakeClock
  daemon: TestDaemon
  changed(isSo: () => boolean): Promise<void>
} {
  const events = new EventEmitter<{ change: [] }>()
  const clock = new FakeClock()
  const daemon = new TestDaemon('anna')
  const end = { role: 'agent', namespace: 'n', pod: 'p', podUid: 'u', container: 'c' } as const
  const onChange = (): void => {
    copies.refresh([ROUTE])
    events.emit('change')
  }
  const laptops = new Laptops({
    identity: createIdentity({ subject: 'agent' }),
    hello: { version: 'test', protocol: PROTOCOL, features: [], end },
    clock,
    logger: silentLogger,
    keyOf: () => daemon.identity.publicKey,
    onStream: (opening) => opening.refuse('unknown', ''),
    onChange,
  })
  const serving = laptops.serving.bind(laptops)
  const copies = new Copies({ clock, logger, serving, onChange })
  t.after(() => {
    copies.close()
    laptops.close()
  })
  const [near, far] = memoryPair()
  void laptops.take(far)
  daemon.join(near)
  const changed = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await once(events, 'change')
  }
  return { copies, clock, daemon, changed }
}

/** Copies one request; undefined when it is not begun. */
function copy(copies: Copies, port: number): boolean {
  const begun = copies.copier(ROUTE, port).begin('10.0.0.1')
  begun?.request(REQUEST)
  begun?.requestEnd()
  return begun !== undefined
}

test('copies go to the laptop that serves their wiretap, and counts to it once a second, when they are others', async (t) => {
  const { copies, clock, daemon, changed } = start(t)
  assert.equal(copy(copies, 8080), false)
  await daemon.serve(['w'])
  await changed(() => copies.isOpen(ROUTE))
  assert.ok(copy(copies, 8080))
  assert.ok(copy(copies, 8443))
  while (daemon.copies.length < 2) await once(daemon.events, 'copy')
  assert.deepEqual(
    daemon.copies.map((one) => one.kind === 'request' && [one.port, one.bytes.equals(REQUEST)]),
    [
      [8080, true],
      [8443, true],
    ],
  )
  assert.equal(daemon.counts, undefined)
  clock.advance(1000)
  await once(daemon.events, 'counts')
  const dropped = { slow: 1, rate: 0, large: 0, broken: 0 }
  assert.deepEqual(daemon.counts, { kind: 'copies', intercept: 'w', copied: 2, dropped })
  daemon.counts = undefined
  clock.advance(1000)
  assert.ok(copy(copies, 8080))
  while (daemon.copies.length < 3) await once(daemon.events, 'copy')
  assert.equal(daemon.counts, undefined)
  clock.advance(1000)
  await once(daemon.events, 'counts')
  assert.deepEqual(daemon.counts, { kind: 'copies', intercept: 'w', copied: 3, dropped })
})

test('a wiretap that is left closes its stream, so that the session can end', async (t) => {
  const { copies, daemon, changed } = start(t)
  await daemon.serve(['w'])
  await changed(() => copies.isOpen(ROUTE))
  const open = (): number => daemon.session?.size ?? 0
  assert.equal(open(), 2)
  daemon.serves([])
  await changed(() => !copies.isOpen(ROUTE))
  while (open() > 1) await turn()
  assert.equal(copy(copies, 8080), false)
})

test('a daemon that takes no copies is asked again after a while, and not before', async (t) => {
  const { copies, clock, daemon, changed } = start(t)
  daemon.takesCopies = false
  await daemon.serve(['w'])
  while (daemon.copyStreams < 1) await once(daemon.events, 'copy')
  for (let n = 0; n < 20; n++) {
    await turn()
    copies.refresh([ROUTE])
  }
  assert.equal(daemon.copyStreams, 1)
  daemon.takesCopies = true
  clock.advance(1000)
  await changed(() => copies.isOpen(ROUTE))
  assert.equal(daemon.copyStreams, 2)
})

test('a daemon that goes on refusing copies is asked ever less often, and that is said once', async (t) => {
  const said: string[] = []
  const { clock, daemon } = start(t, { ...silentLogger, info: (_fields: object, text: string) => void said.push(text) })
  daemon.takesCopies = false
  await daemon.serve(['w'])
  const askedAt: number[] = []
  for (let second = 0; second < 150; second++) {
    for (let n = 0; n < 20; n++) await turn()
    if (daemon.copyStreams > askedAt.length) askedAt.push(second)
    clock.advance(1000)
  }
  assert.deepEqual(askedAt.slice(0, 5), [0, 1, 3, 7, 15])
  assert.ok(askedAt.length < 9, askedAt.join(' '))
  assert.equal(said.filter((text) => text === 'no stream for copies').length, 1)
})
