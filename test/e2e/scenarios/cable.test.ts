/** The cable is pulled again and again, managers and the API server are killed: no connection is lost, and no byte is wrong. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StatusResult } from '../../../src/lib/daemon-api.ts'
import { Random } from '../../chaos/random.ts'
import { BothWays } from '../both-ways.ts'
import type { Cut } from '../cable.ts'
import { Laptop } from '../laptop.ts'
import { forceDelete } from '../managers.ts'
import { place, withoutLaptop } from '../place.ts'
import { run } from '../remocal.ts'
import type { Settings, Traffic } from '../traffic.ts'
import { until } from '../until.ts'

const SEED = Number(process.env.REMOCAL_E2E_SEED ?? 20261)
const EACH = 32
/** How the traffic of one client goes: some 25 KB/s on each connection. */
const PACE: Settings = { CONNECTIONS: EACH, EVERY_MS: 40, CHUNK_BYTES: 2048, WINDOW_BYTES: 262144 }
const PULLS = 20
/** Pulls before which the manager that carries the session is deleted, and while which. */
const KILLED_BEFORE = new Set([3, 8, 17])
const KILLED_DURING = new Set([5, 12])
/** After this pull the API server is killed. */
const API_KILLED_AFTER = 10
/** The bound on hangs; what is aimed at is 1.5 s, and printed. */
const MENDED_MS = 6000
const BACK_MS = 30_000

const everywhere = place()
const { client } = everywhere
const kit = process.env.REMOCAL_E2E_KIT ?? ''
const cluster = process.env.REMOCAL_E2E_KIT_CLUSTER ?? ''

/** From 0.1 to 20 s, most of them short; both ends of the range and what TCP's own patience makes hard are among them. */
function schedule(random: Random): { how: Cut; ms: number }[] {
  const fixed = [100, 20_000, 1500, 2900]
  return Array.from({ length: PULLS }, (_, n) => ({
    how: random.chance(0.5) ? 'silent' : 'down',
    ms: Math.round(fixed[n] ?? 100 * 150 ** random.next()),
  }))
}

describe('64 connections', { skip: withoutLaptop(everywhere) }, () => {
  let laptop: Laptop
  let ways: BothWays
  let dialled: Traffic
  let intercepted: Traffic

  before(async () => {
    laptop = await Laptop.plug()
    ways = await BothWays.start(laptop, client)
    dialled = ways.dial(PACE)
    intercepted = await ways.call({ ...PACE, FIRST_ID: 1001 })
    await Promise.all([dialled, intercepted].map((one) => one.printed(/^OPENED/m)))
  })

  after(async () => {
    // What began it may have failed half way.
    await laptop?.mend()
    await ways?.end()
    await laptop?.close()
    client.close()
  })

  const moved = (since: number, limitMs: number): Promise<unknown> =>
    Promise.all([dialled, intercepted].map((one) => one.moved(since, limitMs)))

  async function manager(): Promise<string> {
    const { clusters } = await laptop.remocalJson<StatusResult>(['status'])
    return clusters[0]?.manager ?? ''
  }

  async function killManager(t: TestContext, name: string): Promise<void> {
    const { before, after } = await forceDelete(client, name)
    assert.notEqual(after, before)
    t.diagnostic(`${name} was deleted by force: ${before} → ${after}`)
  }

  async function apiServer(): Promise<string> {
    return (await run(kit, ['exec', cluster, '0', 'pgrep', '-x', 'kube-apiserver'])).stdout.trim()
  }

  async function killApiServer(t: TestContext): Promise<void> {
    const before = await apiServer()
    const at = Date.now()
    await run(kit, ['exec', cluster, '0', 'pkill', '-9', '-x', 'kube-apiserver'])
    await until('another API server answers', 60_000, async () => {
      const now = await apiServer()
      return now !== '' && now !== before && (await client.whoAmI()) !== undefined
    })
    t.diagnostic(`the API server was killed: pid ${before} → ${await apiServer()}, back after ${Date.now() - at} ms`)
    await moved(Date.now(), BACK_MS)
    t.diagnostic(`all moved again ${Date.now() - at} ms after the kill`)
  }

  test('live through 20 cuts, 5 deleted managers and a killed API server', async (t) => {
    const random = new Random(SEED)
    const mends: { pull: number; how: Cut; ms: number; at: number }[] = []
    for (const [n, { how, ms }] of schedule(random).entries()) {
      if (KILLED_BEFORE.has(n)) {
        await killManager(t, await manager())
        await moved(Date.now(), BACK_MS)
      }
      const carries = await manager()
      await laptop.cable.cut(how)
      const killing = KILLED_DURING.has(n) ? killManager(t, carries) : undefined
      await delay(ms)
      await laptop.cable.mend(how)
      const at = Date.now()
      mends.push({ pull: n, how, ms, at })
      await moved(at, BACK_MS)
      await killing
      // The next one finds everything at rest for a random while, or not yet.
      await delay(random.int(0, 1500))
      if (n === API_KILLED_AFTER) await killApiServer(t)
    }

    const results = await Promise.all([dialled, intercepted].map((one) => one.finish()))
    const pauses = (await Promise.all([dialled, intercepted].map((one) => one.pauses()))).flat()
    const late = mends.map((mend) => {
      const ends = pauses.filter(({ since, until }) => since < mend.at && until > mend.at).map(({ until }) => until)
      return { ...mend, pauseMs: Math.max(0, ...ends.map((end) => end - mend.at)) }
    })
    for (const { pull, how, ms, pauseMs } of late)
      t.diagnostic(`pull ${pull}: ${how} ${ms} ms, moved ${pauseMs} ms after`)
    const worst = Math.max(...late.map(({ pauseMs }) => pauseMs))
    t.diagnostic(
      `seed ${SEED}; ${results.map(({ bytes }) => bytes).join(' + ')} bytes checked; longest pause after a mended cable: ${worst} ms`,
    )
    for (const { open, whole, lost, wrong } of results) {
      assert.deepEqual({ open, whole, lost, wrong }, { open: EACH, whole: EACH, lost: 0, wrong: 0 })
    }
    assert.ok(worst < MENDED_MS, `the longest pause after a mended cable was ${worst} ms`)
  })
})
