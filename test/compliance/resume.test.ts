/** A session goes on only with links of the key that began it, and only forwards: what is replayed or made up gives nothing. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { DurableLink } from '../../src/wire/durable/durable-link.ts'
import { RecordLink } from '../../src/wire/durable/record-link.ts'
import { Registry } from '../../src/wire/durable/registry.ts'
import {
  firstRecord,
  LinkRefused,
  type Refusal,
  readAnswer,
  type Start,
  sendStart,
} from '../../src/wire/durable/start.ts'
import type { Link } from '../../src/wire/link/link.ts'
import { memoryPair } from '../../src/wire/link/memory.ts'
import type { Hello } from '../../src/wire/messages/hello.ts'
import { createMux } from '../../src/wire/mux/mux.ts'
import type { Identity, Session } from '../../src/wire/session/contract.ts'
import { greet } from '../../src/wire/session/greet.ts'
import { createIdentity } from '../../src/wire/session/identity.ts'
import { acceptSession } from '../../src/wire/session/session.ts'
import { openStream } from '../../src/wire/session/streams.ts'
import { secure } from '../../src/wire/session/tls.ts'
import { collect } from './collect.ts'

const GRACE_MS = 60_000
const HELLO: Hello = {
  version: '1',
  protocol: { min: 1, max: 1 },
  features: [],
  end: { role: 'daemon', session: 'jane' },
}
const { signal } = new AbortController()

/** An agent: takes links, echoes on each stream. */
class Server {
  readonly registry = new Registry()
  readonly sessions: Session[] = []
  readonly #identity = createIdentity({ subject: 'agent' })

  /** @returns settles as the taking of the link does */
  async take(link: Link): Promise<void> {
    const verify = (): undefined => undefined
    const options = { identity: this.#identity, verify, hello: HELLO, graceMs: GRACE_MS }
    const session = await acceptSession(link, this.registry, options)
    if (session === undefined) return
    this.sessions.push(session)
    session.bind({
      onStream(opening) {
        const stream = opening.accept()
        stream.bind({
          onData: (bytes) => void stream.send(bytes),
          onEnd: () => stream.end(),
          onDrain() {},
          onClose() {},
        })
      },
      onClose() {},
    })
  }

  /** A link to it that has proved a key. @param through may put something between */
  async link(identity: Identity, through: (link: Link) => Link = (link) => link): Promise<RecordLink> {
    const [near, far] = memoryPair()
    this.take(through(far)).catch(() => {})
    const { link } = await secure(near, { side: 'client', identity, verify: () => undefined, signal })
    return new RecordLink(link)
  }
}

/** Begins a session whose id is known, and answers what an echo on it gives. */
async function begin(server: Server, identity: Identity, through?: (link: Link) => Link) {
  const start: Start = { id: randomBytes(16), attempt: 5, received: 0, fresh: true, graceMs: GRACE_MS }
  const records = await server.link(identity, through)
  sendStart(records, start)
  const durable = new DurableLink({ name: 'jane', clock: systemClock, graceMs: GRACE_MS })
  durable.attach(records, 0)
  const mux = createMux(durable, { side: 'client', handlers: { onFlow() {}, onClose() {} } })
  await greet(mux, HELLO)
  const echo = async (text: string): Promise<string> => {
    const { stream } = await openStream(mux, { service: 'dns' }, { data: Buffer.from(text) })
    const seen = collect()
    stream.bind(seen)
    stream.end()
    await seen.ended
    return seen.bytes().toString()
  }
  return { start, durable, echo, close: () => mux.close() }
}

/** What a server says to a START on a new link of `identity`. */
async function answer(server: Server, identity: Identity, start: Start): Promise<Refusal | number> {
  const records = await server.link(identity)
  sendStart(records, start)
  const { type, payload } = await firstRecord(records, { limitMs: 5000 })
  try {
    return readAnswer(type, payload)
  } catch (error) {
    assert.ok(error instanceof LinkRefused)
    return error.refusal
  } finally {
    records.drop(new Error('enough'))
  }
}

describe('resume', { timeout: 20_000 }, () => {
  const jane = createIdentity({ subject: 'daemon' })
  const mallory = createIdentity({ subject: 'daemon' })

  it('of another key finds no session, whatever it says', async () => {
    const server = new Server()
    const { start, durable, echo, close } = await begin(server, jane)
    assert.equal(await answer(server, mallory, { ...start, attempt: 99, fresh: false }), 'unknown')
    // One that begins anew has the id for itself: another session, from its first byte.
    assert.equal(await answer(server, mallory, { ...start, attempt: 99 }), 0)
    assert.equal(durable.isLinked, true)
    assert.equal(await echo('still mine'), 'still mine')
    assert.deepEqual(
      server.sessions.map(({ peer }) => peer.publicKey),
      [jane.publicKey],
    )
    close()
  })

  it('with an attempt that was there is stale, and takes no link away', async () => {
    const server = new Server()
    const { start, durable, echo, close } = await begin(server, jane)
    for (const attempt of [start.attempt, start.attempt - 1, 0]) {
      for (const fresh of [true, false]) assert.equal(await answer(server, jane, { ...start, attempt, fresh }), 'stale')
    }
    assert.equal(durable.isLinked, true)
    assert.equal(await echo('undisturbed'), 'undisturbed')
    close()
  })

  it('of recorded bytes is no link: the handshake does not begin twice in the same way', async () => {
    const server = new Server()
    const recorded: Buffer[] = []
    const { echo, close } = await begin(server, jane, (far) => record(far, recorded))
    assert.equal(await echo('a secret'), 'a secret')
    assert.ok(recorded.length > 2 && !Buffer.concat(recorded).includes('a secret'))

    const [near, far] = memoryPair()
    const taken = server.take(far)
    const heard: Buffer[] = []
    near.bind({ onData: (bytes) => void heard.push(bytes), onDrain() {}, onClose() {} })
    for (const bytes of recorded) near.send(bytes)
    await assert.rejects(taken)
    assert.ok(!Buffer.concat(heard).includes('a secret'))
    assert.equal(server.registry.size, 1)
    assert.equal(await echo('undisturbed'), 'undisturbed')
    close()
  })
})

/** A link in the place of `far`, which keeps a copy of what comes. */
function record(far: Link, into: Buffer[]): Link {
  const [near, end] = memoryPair('recorded')
  far.bind({
    onData(bytes) {
      into.push(Buffer.from(bytes))
      near.send(bytes)
    },
    onDrain() {},
    onClose: () => near.close(),
  })
  near.bind({ onData: (bytes) => void far.send(bytes), onDrain() {}, onClose: () => far.close() })
  return end
}
