/** One part after the other is killed hard: requests go on within 5 s, none hangs, `list` is right, a new intercept works at once. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { ConnectResult, ListResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod } from '../client-pod.ts'
import { laptopHome, place, withoutKit } from '../place.ts'
import { killHard, type Process, processes, processesOfPods } from '../processes.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'
import { until } from '../until.ts'

/** Asks URL with HEADER every 100 ms, however long the earlier ones take; a line for each answer: start, duration, who. */
const ASKING = `
const [name, value] = process.env.HEADER.split(': ')
setInterval(async () => {
  const from = Date.now()
  let who
  try {
    const response = await fetch(process.env.URL, { headers: { [name]: value, connection: 'close' }, signal: AbortSignal.timeout(10000) })
    who = response.ok ? (await response.json()).host : 'HTTP ' + response.status
  } catch (error) { who = 'failed: ' + (error.cause?.code ?? error.name) }
  console.log(from, Date.now() - from, who)
}, 100)
`

const everywhere = place()
const { client } = everywhere
const home = laptopHome()
const env = { REMOCAL_HOME: home, HOST_LABEL: 'laptop' }
/** So many requests that began 5 s after a death are looked at. */
const LATE = 5
const PROGRAM = ['--', process.execPath, 'examples/shop/orders.js']
const asking = new ClientPod(client, 'shop')
let intercept: Running

/** Requests that began after `from`. */
async function asked(from: number): Promise<{ from: number; ms: number; who: string }[]> {
  return (await asking.log())
    .split('\n')
    .flatMap((line) => {
      const [, start, ms, who] = /^(\d+) (\d+) (.*)$/.exec(line) ?? []
      return who === undefined ? [] : [{ from: Number(start), ms: Number(ms), who }]
    })
    .filter((one) => one.from >= from)
}

const answeredBy = (who: string, from: number, limitMs = 15_000): Promise<unknown> =>
  until(`${who} answers`, limitMs, async () => (await asked(from)).some((one) => one.who === who))

async function attach(): Promise<Running> {
  const from = Date.now()
  const one = start(['intercept', 'deploy/orders', '-n', 'shop', ...PROGRAM], { env })
  await one.printed(/Intercepting/)
  await answeredBy('laptop', from)
  return one
}

const held = async (): Promise<number> => {
  const { workloads } = await remocalJson<ListResult>(['list', '-n', 'shop'], { env })
  return workloads.find(({ name }) => name === 'orders')?.held.length ?? -1
}

/** The processes of one kind that belong to this cluster's pods. */
const ofPods = (selector: string, namespace: string, pattern: RegExp): Promise<Process[]> =>
  processesOfPods(client, selector, namespace, pattern)
const ofLaptop = (pattern: RegExp): Process[] =>
  processes(pattern).filter(({ environment }) => environment.includes(`REMOCAL_HOME=${home}\n`))

interface Part {
  name: string
  find: () => Promise<Process[]> | Process[]
  /** The attachment lives on without it. */
  survives: boolean
}

const PARTS: Part[] = [
  { name: 'CLI', find: () => processes(/./).filter(({ pid }) => pid === intercept.child.pid), survives: false },
  { name: 'program', find: () => ofLaptop(/^\S*node examples\/shop\/orders\.js/), survives: false },
  { name: 'daemon', find: () => ofLaptop(/(main\.ts|remocal\.mjs) daemon$/), survives: false },
  { name: 'agent', find: () => ofPods('app=orders', 'shop', /(main\.ts|remocal\.mjs) agent /), survives: true },
  {
    name: 'one manager',
    find: () => ofPods('app.kubernetes.io/name=remocal-manager', 'remocal-system', /(main\.ts|remocal\.mjs) manager/),
    survives: true,
  },
  {
    name: 'one dialer',
    find: () =>
      ofPods('app.kubernetes.io/name=remocal-dialer', 'remocal-system', /(main\.ts|remocal\.mjs) agent --dialer/),
    survives: true,
  },
]

describe('kill -9', { skip: withoutKit(everywhere) }, () => {
  before(async () => {
    const { mark } = await remocalJson<ConnectResult>(['connect'], { env })
    await asking.start(ASKING, { URL: 'http://orders/orders/1', HEADER: `x-remocal: ${mark}` })
  })
  beforeEach(async () => {
    intercept = await attach()
  })
  afterEach(async () => {
    await intercept.end()
    await remocal(['leave'], { env })
  })
  after(async () => {
    await asking.end()
    await remocal(['quit'], { env })
    client.close()
  })

  for (const { name, find, survives } of PARTS) {
    test(`of the ${name}`, async () => {
      const [victim] = await find()
      assert.ok(victim !== undefined, 'the process was found')
      const killedAt = Date.now()
      await killHard(victim)

      const late = await until('requests that began 5 s after it are over', 20_000, async () => {
        const some = await asked(killedAt + 5001)
        return some.length >= LATE && some
      })
      const requests = await asked(killedAt)
      assert.deepEqual(
        late.filter(({ who }) => who.startsWith('HTTP') || who.startsWith('failed')),
        [],
        'all requests that began 5 s after it are answered',
      )
      assert.deepEqual(
        requests.filter(({ ms }) => ms >= 10_000),
        [],
        'none hangs',
      )
      if (survives) {
        await answeredBy('laptop', Date.now(), 20_000)
        assert.equal(await held(), 1)
        await intercept.end()
      }
      await until('nobody holds it', 5000, async () => (await held()) === 0)
      await (await attach()).end()
      await until('nobody holds it', 5000, async () => (await held()) === 0)
    })
  }
})
