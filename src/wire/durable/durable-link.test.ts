import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { FakeClock } from '../../lib/fake-clock.ts'
import type { Link } from '../link/link.ts'
import { memoryPair } from '../link/memory.ts'
import { type DurableLink, MAX_UNACKED_BYTES } from './durable-link.ts'
import { Redial } from './redial.ts'
import { Registry } from './registry.ts'

const GRACE_MS = 10_000

interface End {
  text(): string
  over: { reason?: Error; at: number } | undefined
  drained: number
}

/** A client and a server whose links the test makes and cuts. */
class Place {
  readonly clock = new FakeClock()
  readonly registry = new Registry()
  /** Each link that was made: the client's end and the server's. */
  readonly links: [Link, Link][] = []
  reachable = true
  lost = 0
  back = 0
  client!: Redial
  server!: DurableLink
  readonly atClient = this.#end()
  readonly atServer = this.#end()

  static async make(): Promise<Place> {
    const place = new Place()
    const accepted = place.#arrive()
    place.client = new Redial(accepted.link, {
      clock: place.clock,
      connect: async () => {
        if (!place.reachable) throw new Error('no route')
        return place.#arrive().link
      },
      durable: { graceMs: GRACE_MS, onLost: () => place.lost++, onBack: () => place.back++ },
    })
    const server = await accepted.taken
    assert.ok(server)
    place.server = server
    place.client.link.bind(place.atClient.handlers)
    place.server.bind(place.atServer.handlers)
    return place
  }

  /** Cuts the link that is in use. */
  cut(): void {
    this.links.at(-1)?.[0].reset(new Error('the cable was cut'))
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      this.clock.advance(20)
      await turn()
    }
  }

  #arrive(): { link: Link; taken: Promise<DurableLink | undefined> } {
    const pair = memoryPair()
    this.links.push(pair)
    const options = { owner: 'jane', clock: this.clock, durable: {}, maxGraceMs: GRACE_MS }
    const taken = this.registry.accept(pair[1], options)
    taken.catch(() => {})
    return { link: pair[0], taken }
  }

  #end(): End & { handlers: Parameters<Link['bind']>[0] } {
    let text = ''
    const end: End & { handlers: Parameters<Link['bind']>[0] } = {
      text: () => text,
      over: undefined,
      drained: 0,
      handlers: {
        onData: (bytes) => {
          text += bytes.toString('latin1')
        },
        onDrain: () => {
          end.drained++
        },
        onClose: (reason) => {
          end.over = { ...(reason !== undefined && { reason }), at: this.clock.now() }
        },
      },
    }
    return end
  }
}

describe('durable link', { timeout: 20_000 }, () => {
  it('goes on after a cut, and what was said meanwhile arrives once and in order', async () => {
    const place = await Place.make()
    place.client.link.send(Buffer.from('a'))
    await place.pass(100)
    place.cut()
    place.client.link.send(Buffer.from('b'))
    place.server.send(Buffer.from('x'))
    await place.pass(2000)
    place.client.link.send(Buffer.from('c'))
    await place.pass(100)
    assert.equal(place.atServer.text(), 'abc')
    assert.equal(place.atClient.text(), 'x')
    assert.deepEqual([place.lost, place.back, place.links.length], [1, 1, 2])
  })

  it('goes over to another link without a break', async () => {
    const place = await Place.make()
    place.client.link.send(Buffer.from('a'))
    await place.client.renew()
    place.client.link.send(Buffer.from('b'))
    await place.pass(100)
    assert.equal(place.atServer.text(), 'ab')
    assert.deepEqual([place.lost, place.links.length], [0, 2])
  })

  it('ends on both ends within 2 s of the grace time when there is no next link', async () => {
    const place = await Place.make()
    await place.pass(500)
    place.reachable = false
    place.cut()
    const from = place.clock.now()
    await place.pass(GRACE_MS + 2000)
    for (const { over } of [place.atClient, place.atServer]) {
      assert.match(over?.reason?.message ?? '', /no link for 10 s/)
      const after = (over?.at ?? 0) - from
      assert.ok(after >= GRACE_MS && after <= GRACE_MS + 2000, `after ${after} ms`)
    }
    assert.equal(place.registry.size, 0)
  })

  it('finds a link that swallows everything by its heartbeat', async () => {
    const place = await Place.make()
    await place.pass(500)
    // The server's end hears nothing any more, and says nothing.
    const [, far] = place.links[0] ?? []
    far?.pause()
    place.client.link.send(Buffer.from('a'))
    await place.pass(5000)
    assert.equal(place.lost, 1)
    assert.equal(place.atServer.text(), 'a')
  })

  it('holds the sender back when nothing is acknowledged, and never keeps more than its bound', async () => {
    const place = await Place.make()
    place.reachable = false
    place.cut()
    await place.pass(100)
    const chunk = Buffer.alloc(100_000, 97)
    let sent = 0
    while (place.client.link.send(Buffer.from(chunk))) {
      sent += chunk.length
      assert.ok(sent <= MAX_UNACKED_BYTES, 'the sender was never held back')
    }
    sent += chunk.length
    place.reachable = true
    await place.pass(3000)
    assert.equal(place.atServer.text().length, sent)
    assert.equal(place.atClient.drained, 1)
    assert.equal(place.client.link.keptBytes < chunk.length * 3, true)
  })

  it('closes both ends in order, after everything that was sent', async () => {
    const place = await Place.make()
    place.client.link.send(Buffer.from('last words'))
    place.client.link.close()
    await place.pass(100)
    assert.equal(place.atServer.text(), 'last words')
    assert.ok(place.atClient.over !== undefined && place.atClient.over.reason === undefined)
    assert.ok(place.atServer.over !== undefined && place.atServer.over.reason === undefined)
  })

  it('tells a client whose session the server does not know any more', async () => {
    const place = await Place.make()
    await place.pass(100)
    place.server.reset(new Error('the agent ends'))
    await place.pass(100)
    assert.match(place.atClient.over?.reason?.message ?? '', /the agent ends/)
    const other = await Place.make()
    await other.pass(100)
    const [, far] = other.links[0] ?? []
    far?.pause()
    other.server.giveUp(new Error('gone'))
    await other.pass(6000)
    assert.match(other.atClient.over?.reason?.message ?? '', /gone|does not know/)
  })
})
