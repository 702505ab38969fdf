/** The cable is out for longer than the grace time: every connection ends with an error, at both ends, and what is new works afterwards. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { StatusResult } from '../../../src/lib/daemon-api.ts'
import { BothWays } from '../both-ways.ts'
import { Laptop } from '../laptop.ts'
import { place, withoutLaptop } from '../place.ts'
import type { Settings, Traffic } from '../traffic.ts'
import { until } from '../until.ts'

const GRACE_MS = 10_000
/** A link is dead after three silent seconds, looked at each second. */
const FOUND_MS = 4000
const END_MS = 2000
const EACH = 8
const BUSY: Settings = { CONNECTIONS: EACH, EVERY_MS: 20, CHUNK_BYTES: 4096 }
/** Nobody sends anything after the first bytes. */
const IDLE: Settings = { CONNECTIONS: EACH, EVERY_MS: 3_600_000, CHUNK_BYTES: 1 }

const everywhere = place()
const { client } = everywhere

describe('a cable that is out for longer than the grace time', { skip: withoutLaptop(everywhere) }, () => {
  let laptop: Laptop
  let ways: BothWays
  let clients: Traffic[]

  before(async () => {
    laptop = await Laptop.plug({ env: { REMOCAL_GRACE_SECONDS: String(GRACE_MS / 1000) } })
    ways = await BothWays.start(laptop, client)
    clients = [
      ways.dial(BUSY),
      ways.dial(IDLE),
      await ways.call({ ...BUSY, FIRST_ID: 1001 }),
      await ways.call({ ...IDLE, FIRST_ID: 2001 }),
    ]
    await Promise.all(clients.map((one) => one.printed(/^OPENED/m)))
  })

  after(async () => {
    // What began it may have failed half way.
    await laptop?.mend()
    await ways?.end()
    await laptop?.close()
    client.close()
  })

  test('ends them all, with an error at both ends', async (t) => {
    const cutAt = Date.now()
    await laptop.cable.wire(0, 100, 0)
    const limitMs = GRACE_MS + FOUND_MS + END_MS + 10_000
    await Promise.all(clients.map((one) => one.printed(/^RESULT/m, limitMs)))
    const ends = [
      ...(await Promise.all(clients.map((one) => one.lost()))),
      ...(await Promise.all([ways.program, ways.pod].map((one) => served(one, limitMs)))),
    ]
    assert.deepEqual(
      ends.map(({ length }) => length),
      [EACH, EACH, EACH, EACH, 2 * EACH, 2 * EACH],
    )
    const all = ends.flat()
    assert.deepEqual([...new Set(all.map(({ how }) => how))], ['ECONNRESET'])
    const times = all.map(({ at }) => at - cutAt)
    t.diagnostic(`ended ${Math.min(...times)} to ${Math.max(...times)} ms after the cut`)
    assert.ok(Math.min(...times) >= GRACE_MS, 'none before the grace time was over')
    assert.ok(Math.max(...times) < GRACE_MS + FOUND_MS + END_MS, 'all within 2 s of it')
    const { clusters } = await laptop.remocalJson<StatusResult>(['status'])
    assert.equal(clusters[0]?.state, 'reconnecting')
  })

  test('new ones work once the cable is mended', async () => {
    await laptop.cable.clear()
    await until('the intercept stands again', 30_000, async () => {
      const { clusters } = await laptop.remocalJson<StatusResult>(['status'])
      const agents = clusters[0]?.attachments[0]?.agents ?? []
      return agents.length > 0 && agents.every(({ routeNow }) => routeNow === 'laptop')
    })
    const again = [ways.dial(BUSY), await ways.call({ ...BUSY, FIRST_ID: 3001 })]
    for (const one of again) {
      await one.printed(/^OPENED/m)
      const { whole, wrong, lost } = await one.finish()
      assert.deepEqual({ whole, wrong, lost }, { whole: EACH, wrong: 0, lost: 0 })
    }
  })

  /** How the connections ended that a program served, once it has seen the end of all. */
  const served = (one: Traffic, limitMs: number): Promise<{ how: string; at: number }[]> =>
    until('the server saw the end of all', limitMs, async () => {
      const ended = await one.ended()
      return ended.length >= 2 * EACH ? ended : undefined
    })
})
