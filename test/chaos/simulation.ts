/** One run: a session's durable link and mux on both ends, a network that does what the seed says, and flows with checked bytes. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { FakeClock } from '../../src/lib/fake-clock.ts'
import { type DurableLink, MAX_UNACKED_BYTES } from '../../src/wire/durable/durable-link.ts'
import { Redial } from '../../src/wire/durable/redial.ts'
import { Registry } from '../../src/wire/durable/registry.ts'
import { createMux, type LinkMux } from '../../src/wire/mux/mux.ts'
import { Random } from './random.ts'
import { SimNetwork } from './sim-network.ts'
import { openOne, takeOne } from './traffic.ts'

const GRACE_MS = 60_000
const STEP_MS = 10
/** So long the network does what it likes; then it is calm and everything has to end. */
const MISCHIEF_MS = 30_000
const CALM_MS = 120_000

export interface Outcome {
  flows: number
  bytes: number
  /** Links that the session has had. */
  links: number
  /** Virtual time until the last flow was over, ms. */
  tookMs: number
}

/** Throws with what did not hold. */
export async function simulate(seed: number): Promise<Outcome> {
  const random = new Random(seed)
  const clock = new FakeClock()
  const registry = new Registry()
  const outcome: Outcome = { flows: 0, bytes: 0, links: 0, tookMs: 0 }
  const running: Promise<void>[] = []
  let wrong: Error | undefined
  let open = 0
  const follow = (one: Promise<void>): void => {
    open++
    running.push(
      one.then(
        () => void open--,
        (error: Error) => {
          wrong ??= error
        },
      ),
    )
  }
  const onFlow = (flow: Parameters<typeof takeOne>[0], header: Buffer): void => follow(takeOne(flow, header, random))

  let server: { link: DurableLink; mux: LinkMux } | undefined
  let serverEnd: { reason?: Error } | undefined
  const network = new SimNetwork(clock, random, (link) => {
    registry.accept(link, { owner: 'client', clock, durable: {}, maxGraceMs: GRACE_MS }).then(
      (began) => {
        outcome.links++
        if (began === undefined) return
        assert.equal(server, undefined, 'a second session began')
        const onClose = (reason?: Error): void => {
          serverEnd = reason === undefined ? {} : { reason }
        }
        server = { link: began, mux: createMux(began, { side: 'server', clock, handlers: { onFlow, onClose } }) }
      },
      () => {},
    )
  })
  network.calm = true
  const connecting = network.connect()
  const first = await until(clock, connecting)
  network.calm = false
  let clientEnd: { reason?: Error } | undefined
  const redial = new Redial(first, { clock, connect: () => network.connect(), durable: { graceMs: GRACE_MS } })
  const client = createMux(redial.link, {
    side: 'client',
    clock,
    handlers: {
      onFlow,
      onClose(reason) {
        clientEnd = reason === undefined ? {} : { reason }
      },
    },
  })

  const flows = random.int(1, 60)
  const openAt = Array.from({ length: flows }, () => random.int(0, MISCHIEF_MS)).sort((a, b) => a - b)
  const mischiefAt = Array.from({ length: random.int(0, 60) }, () => random.int(0, MISCHIEF_MS)).sort((a, b) => a - b)
  const begun = clock.now()
  for (;;) {
    const now = clock.now() - begun
    while (openAt[0] !== undefined && openAt[0] <= now) {
      openAt.shift()
      const plan = { seed: random.int(0, 1_000_000), there: random.size(400_000), back: random.size(400_000) }
      const mux = random.chance(0.5) ? client : (server?.mux ?? client)
      outcome.flows++
      outcome.bytes += plan.there + plan.back
      follow(openOne(mux, plan, random))
    }
    while (mischiefAt[0] !== undefined && mischiefAt[0] <= now) {
      mischiefAt.shift()
      network.mischief()
      if (random.chance(0.3)) void redial.renew()
    }
    network.calm ||= now >= MISCHIEF_MS
    clock.advance(STEP_MS)
    await turn()
    if (wrong !== undefined) {
      const ends = [clientEnd, serverEnd].map((one) => (one === undefined ? 'open' : (one.reason?.message ?? 'closed')))
      throw new Error(`${wrong.message}; client ${ends[0]}, server ${ends[1]}`)
    }
    for (const link of [redial.link, server?.link]) {
      if (link !== undefined) assert.ok(link.keptBytes <= MAX_UNACKED_BYTES + 5 * 1024 * 1024, 'too much is kept')
    }
    if (openAt.length === 0 && open === 0 && running.length >= 2 * flows) break
    assert.ok(now < MISCHIEF_MS + CALM_MS, `${open} flows hang; client linked ${redial.link.isLinked}`)
  }
  outcome.tookMs = clock.now() - begun
  assert.deepEqual([client.size, server?.mux.size], [0, 0], 'flows are left')
  client.close()
  for (let step = 0; step < 2000 && (clientEnd === undefined || serverEnd === undefined); step++) {
    clock.advance(100)
    await turn()
  }
  assert.ok(clientEnd !== undefined && serverEnd !== undefined, 'an end was not told that it is over')
  assert.equal(registry.size, 0, 'a session is left')
  return outcome
}

/** Lets time pass until it resolves. */
async function until<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let done = false
  void promise.finally(() => {
    done = true
  })
  while (!done) {
    clock.advance(STEP_MS)
    await turn()
  }
  return promise
}
