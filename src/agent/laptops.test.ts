/** Sessions of daemons with an agent, in one process. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { FakeClock } from '../lib/fake-clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { memoryPair } from '../wire/link/memory.ts'
import { PROTOCOL } from '../wire/messages/hello.ts'
import { createIdentity } from '../wire/session/identity.ts'
import { TestDaemon } from './fixtures/daemon.ts'
import { Laptops } from './laptops.ts'

test('a daemon whose key is known is let in, serves, and hears what is routed to it', async (t) => {
  const { laptops, keys, changed } = start(t)
  const anna = new TestDaemon('anna')
  keys.set('anna', anna.identity.publicKey)
  join(laptops, anna)
  await changed(() => laptops.find('anna') !== undefined)
  await anna.serve(['i1'])
  await changed(() => laptops.serving('anna', 'i1') !== undefined)
  assert.equal(laptops.serving('anna', 'i2'), undefined)
  assert.equal(laptops.serving('jane', 'i1'), undefined)
  laptops.serving('anna', 'i1')?.attached(['i1'])
  await anna.attachedTo('i1')
  anna.serves([])
  await changed(() => laptops.serving('anna', 'i1') === undefined)
})

test("a key that is not the Session's is refused, and so is one that nobody has named after 2 s", async (t) => {
  const { laptops, keys, clock } = start(t)
  keys.set('anna', createIdentity({ subject: 'daemon' }).publicKey)
  for (const name of ['anna', 'nobody']) {
    const daemon = new TestDaemon(name)
    join(laptops, daemon)
    const closed = Promise.withResolvers<void>()
    const session = await daemon.joined()
    session?.bind({ onStream() {}, onClose: () => closed.resolve() })
    await clock.waiting(2000)
    clock.advance(2000)
    await closed.promise
    assert.equal(laptops.find(name), undefined)
  }
})

test('a daemon that is quicker than the config that names it waits for it', async (t) => {
  const { laptops, keys, changed, clock } = start(t)
  const anna = new TestDaemon('anna')
  join(laptops, anna)
  await anna.joined()
  await clock.waiting(2000)
  assert.equal(laptops.find('anna'), undefined)
  keys.set('anna', anna.identity.publicKey)
  laptops.keysChanged()
  await changed(() => laptops.find('anna') !== undefined)
})

test('a daemon whose Session is gone is put out', async (t) => {
  const { laptops, keys, changed } = start(t)
  const anna = new TestDaemon('anna')
  keys.set('anna', anna.identity.publicKey)
  join(laptops, anna)
  await changed(() => laptops.find('anna') !== undefined)
  const closed = Promise.withResolvers<void>()
  await anna.serve(['i1'], () => closed.resolve())
  keys.delete('anna')
  laptops.keysChanged()
  await closed.promise
  assert.deepEqual([...laptops], [])
})

test('of two sessions of one daemon the last one that serves is used', async (t) => {
  const { laptops, keys, changed } = start(t)
  const first = new TestDaemon('anna')
  keys.set('anna', first.identity.publicKey)
  join(laptops, first)
  await changed(() => laptops.find('anna') !== undefined)
  await first.serve(['i1'])
  await changed(() => laptops.serving('anna', 'i1') !== undefined)
  const before = laptops.serving('anna', 'i1')?.session
  const old = await first.joined()
  join(laptops, first)
  await changed(() => [...laptops].length === 2)
  assert.equal(laptops.serving('anna', 'i1')?.session, before)
  await first.serve(['i1'])
  await changed(() => laptops.serving('anna', 'i1')?.session !== before)
  old?.close()
  await changed(() => [...laptops].length === 1)
  assert.ok(laptops.serving('anna', 'i1'))
})

/** A clock that says when somebody waits. */
class WatchedClock extends FakeClock {
  readonly #events: EventEmitter<{ after: [number] }> = new EventEmitter()
  readonly #asked = new Set<number>()

  override after(ms: number, call: () => void): ReturnType<FakeClock['after']> {
    this.#asked.add(ms)
    this.#events.emit('after', ms)
    return super.after(ms, call)
  }

  /** Resolves when somebody has begun to wait for so long, since the last time that this was asked. */
  async waiting(ms: number): Promise<void> {
    while (!this.#asked.delete(ms)) await once(this.#events, 'after')
  }
}

interface Started {
  laptops: Laptops
  keys: Map<string, string>
  clock: WatchedClock
  /** Resolves when something is so, asked at each change. */
  changed(isSo: () => boolean): Promise<void>
}

function start(t: TestContext): Started {
  const events = new EventEmitter<{ change: [] }>()
  const keys = new Map<string, string>()
  const clock = new WatchedClock()
  const end = { role: 'agent', namespace: 'n', pod: 'p', podUid: 'u', container: 'c' } as const
  const laptops = new Laptops({
    identity: createIdentity({ subject: 'agent' }),
    hello: { version: 'test', protocol: PROTOCOL, features: [], end },
    clock,
    logger: silentLogger,
    keyOf: (session) => keys.get(session),
    onStream: (opening) => opening.refuse('unknown', ''),
    onChange: () => void events.emit('change'),
  })
  t.after(() => laptops.close())
  const changed = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await once(events, 'change')
  }
  return { laptops, keys, clock, changed }
}

/** Begins a session; it may be closed by the agent soon after. */
function join(laptops: Laptops, daemon: TestDaemon): void {
  const [near, far] = memoryPair()
  void laptops.take(far)
  daemon.join(near)
}
