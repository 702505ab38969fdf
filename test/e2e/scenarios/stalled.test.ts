/** A program that is stopped in a debugger reads nothing: memory stays bounded everywhere, other connections keep their speed, and no byte is wrong. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { BothWays } from '../both-ways.ts'
import { Laptop } from '../laptop.ts'
import { place, withoutLaptop } from '../place.ts'
import { type Process, processes, processesOfPods, residentBytes } from '../processes.ts'
import type { Settings, Traffic } from '../traffic.ts'

const MIB = 1024 * 1024
const STALLED_MS = 60_000
/** Until then the windows of those that are not read fill up, which takes its share of the cable. */
const FILLED_MS = 20_000
const COMPARED_MS = 10_000
const SAMPLE_MS = 500
const EACH = 8
/** 10 ms of round trip, 5 MB/s each way. */
const WIRE = [5, 0, 40] as const
/** As fast as they can. */
const OTHERS: Settings = { CONNECTIONS: 4 }
const FLOOD: Settings = { KIND: 'sink', CONNECTIONS: EACH / 2, FIRST_ID: 1001 }
/** Small pieces must not hold the large ones that they came with. */
const TRICKLE: Settings = { KIND: 'sink', CONNECTIONS: EACH, FIRST_ID: 2001, EVERY_MS: 5, CHUNK_BYTES: 200 }
/**
 * What may wait in one process (docs/wire.md): windows of one mux beyond their start 64 MiB, the start of 256 KiB for each flow, what is
 * sent and not acknowledged 8 MiB. Beside it what the garbage collector has not looked at yet.
 */
const BOUND_BYTES = 64 * MIB + 1.5 * EACH * 0.25 * MIB + 8 * MIB + 32 * MIB
/** On a machine that is shared with others; what is aimed at is 1. */
const LEAST_SPEED = 0.5

const everywhere = place()
const { client } = everywhere

describe('a program that stops reading for 60 s', { skip: withoutLaptop(everywhere) }, () => {
  let laptop: Laptop
  let ways: BothWays
  let others: Traffic[]
  let watched: { name: string; process: Process; before: number; most: number }[]

  before(async () => {
    laptop = await Laptop.plug()
    // Then the cable is what bounds everybody's speed, not what else this machine does.
    await laptop.cable.wire(...WIRE)
    ways = await BothWays.start(laptop, client)
    others = [ways.dial(OTHERS), await ways.call({ ...OTHERS, FIRST_ID: 101 })]
    await Promise.all(others.map((one) => one.printed(/^OPENED/m)))
    watched = await find()
  })

  after(async () => {
    // What began it may have failed half way.
    await laptop?.mend()
    await ways?.end()
    await laptop?.close()
    client.close()
  })

  async function find(): Promise<typeof watched> {
    const home = `REMOCAL_HOME=${laptop.home}`
    const daemons = processes(/(main\.ts|remocal\.mjs) daemon$/).filter(({ environment }) => environment.includes(home))
    const managed = 'app.kubernetes.io/name=remocal-manager'
    const managers = await processesOfPods(client, managed, 'remocal-system', /(main\.ts|remocal\.mjs) manager/)
    const agents = await processesOfPods(client, `app=${ways.app}`, 'shop', /(main\.ts|remocal\.mjs) agent /)
    assert.ok(daemons.length === 1 && managers.length === 2 && agents.length === 2)
    const named = (name: string, found: Process[]): typeof watched =>
      found.map((process) => ({ name, process, before: 0, most: 0 }))
    return [...named('daemon', daemons), ...named('manager', managers), ...named('agent', agents)]
  }

  /** Bytes a second that the other connections moved, each client by itself. */
  async function speeds(from: number, to: number): Promise<number[]> {
    return Promise.all(
      others.map(async (one) => {
        const reports = (await one.reports()).filter(({ now }) => now >= from && now <= to)
        const [first, last] = [reports[0], reports.at(-1)]
        if (first === undefined || last === undefined) return 0
        return ((last.bytes - first.bytes) / (last.now - first.now)) * 1000
      }),
    )
  }

  /** Watches memory for a while. @returns when it began and ended */
  async function watch(ms: number): Promise<[number, number]> {
    const from = Date.now()
    while (Date.now() < from + ms) {
      for (const one of watched) one.most = Math.max(one.most, residentBytes(one.process))
      await delay(SAMPLE_MS)
    }
    return [from, Date.now()]
  }

  async function whole(traffics: Traffic[]): Promise<void> {
    for (const one of traffics) {
      const { open, whole, lost, wrong } = await one.finish(60_000)
      assert.deepEqual({ whole, lost, wrong }, { whole: open, lost: 0, wrong: 0 }, String(await one.lostLines()))
    }
  }

  test('holds up nobody else', async (t) => {
    const earlier = await speeds(...(await watch(COMPARED_MS)))
    for (const one of watched) {
      one.before = one.most
      one.most = 0
    }
    const stalled = [await ways.call(FLOOD), await ways.call(TRICKLE)]
    await Promise.all(stalled.map((one) => one.printed(/^OPENED/m)))
    // Their windows are wide by then.
    await delay(3000)
    process.kill(ways.program.process().pid, 'SIGUSR2')
    await ways.program.printed(/^PAUSING/m)
    await watch(FILLED_MS)
    const during = await speeds(...(await watch(STALLED_MS - FILLED_MS)))
    process.kill(ways.program.process().pid, 'SIGUSR2')
    await ways.program.printed(/^READING/m)

    for (const { name, process, before, most } of watched) {
      t.diagnostic(
        `${name} ${process.pid}: ${(before / MIB).toFixed(0)} MiB before, at most ${(most / MIB).toFixed(0)} MiB`,
      )
    }
    await whole(stalled)
    const later = await speeds(...(await watch(COMPARED_MS)))
    await whole(others)
    const ratios = ['dialled', 'intercepted'].map((what, n) => {
      const [was, is, became] = [earlier, during, later].map((all) => all[n] ?? 0) as [number, number, number]
      const shown = [was, is, became].map((speed) => (speed / 1e6).toFixed(1))
      t.diagnostic(`${what}: ${shown[0]} MB/s before, ${shown[1]} MB/s meanwhile, ${shown[2]} MB/s afterwards`)
      return is / Math.min(was, became)
    })
    for (const { name, before, most } of watched) {
      assert.ok(most <= before + BOUND_BYTES, `${name} holds ${most - before} bytes more than before`)
    }
    assert.ok(
      Math.min(...ratios) >= LEAST_SPEED,
      `others kept ${ratios.map((ratio) => ratio.toFixed(2))} of their speed`,
    )
  })
})
