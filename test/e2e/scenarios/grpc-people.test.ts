/** Five people with five filters on one gRPC service of three pods, over connections that last: every call is answered by whom the rules say, while filters come and go. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { StatusResult } from '../../../src/lib/daemon-api.ts'
import type { ClientPod } from '../client-pod.ts'
import { Crowd, counted, type Member } from '../crowd.ts'
import { place } from '../place.ts'
import { bundled } from '../pod-program.ts'
import { remocalJson } from '../remocal.ts'
import { until } from '../until.ts'

const PROGRAM = join(import.meta.dirname, '../programs/grpc-people.js')
const APP = 'calls'
const CHANNELS = 4
const CALLS = 3
/** How often a filter comes and goes, of all that do. */
const CHANGES = 200

interface Rule {
  who: string
  /** It stays all the time. */
  stable: boolean
  service?: string
  method?: string
  header?: [name: string, value: string]
}

const { client, kubeconfig } = place()
const text = await bundled(PROGRAM, 'cjs')
const crowd = new Crowd({
  ...{ client, kubeconfig, app: APP, file: PROGRAM, firstPort: 18_340 },
  program: { name: 'calls-program', file: 'grpc-people.cjs', text },
})
const members = new Map<string, Member>()
/** Clients whose connections are older than every intercept. */
let earlier: ClientPod

const member = (who: string): Member => {
  const found = members.get(who)
  if (found === undefined) throw new Error(`${who} takes no part`)
  return found
}

before(async () => {
  await crowd.start()
  // In the order in which they are asked: priority, then the mark, then the others.
  const eve = 'grpc.method.startsWith("Fol") && request.headers["x-eve"] != ""'
  for (const [who, options] of [
    ['carol', ['--grpc', 'shop.v1.Orders/Get', '--priority', '3']],
    ['dave', ['--grpc', 'shop.v1.Stock', '--priority', '2']],
    ['eve', ['--filter', eve, '--priority', '1']],
    ['jane', []],
    ['bob', ['--header', 'x-user=bob', '--reopen']],
  ] as const)
    members.set(who, await crowd.takePart(who, [...options]))
  earlier = await crowd.clients({ ROLE: 'seldom', HOST: `${APP}:80`, USER: 'bob', CHANNELS: String(CHANNELS) })
  await until('connections are open', 60_000, async () => (await answers()).length >= CHANNELS)
  for (const who of ['jane', 'bob', 'carol', 'dave', 'eve']) await crowd.begin(member(who))
})

after(async () => {
  await crowd.end()
  client.close()
})

/** Who answered the seldom calls, by channel. */
async function answers(): Promise<[channel: string, who: string][]> {
  return [...(await earlier.log()).matchAll(/^ANSWER (\d+) (.*)$/gm)].map(([, channel = '', who = '']) => [
    channel,
    who,
  ])
}

test('5 people, 5 filters, 3 pods, gRPC over connections that last: nothing goes wrong while filters come and go 200 times', async () => {
  const rules: Rule[] = [
    { who: 'carol', stable: false, service: 'shop.v1.Orders', method: 'Get' },
    { who: 'dave', stable: false, service: 'shop.v1.Stock' },
    { who: 'eve', stable: false, method: 'Follow', header: ['x-eve', 'yes'] },
    { who: 'jane', stable: true, header: ['x-remocal', member('jane').mark] },
    { who: 'bob', stable: true, header: ['x-user', 'bob'] },
  ]
  const counts = { CHANNELS: String(CHANNELS), CALLS: String(CALLS) }
  const env = { ROLE: 'client', HOST: `${APP}:80`, RULES: JSON.stringify(rules), ...counts }
  const pods = await Promise.all([crowd.clients(env), crowd.clients(env)])
  for (const pod of pods) await pod.printed(/ASKING/)
  const coming = ['carol', 'dave', 'eve'].map(member)
  const each = Math.ceil(CHANGES / coming.length)
  await Promise.all(coming.map((one) => crowd.comeAndGo(one, each)))
  for (const pod of pods) {
    const result = await counted(pod)
    assert.deepEqual({ lost: result.lost, wrong: result.wrong }, { lost: 0, wrong: 0 }, JSON.stringify(result, null, 1))
    assert.ok(result.asked > 1000, `only ${result.asked} calls`)
    assert.deepEqual(Object.keys(result.of).sort(), ['app', 'bob', 'carol', 'dave', 'eve', 'jane'])
  }
})

test('connections that were open before are routed too, and none of their calls fails', async () => {
  await until('none is left', 90_000, async () => {
    const { clusters } = await remocalJson<StatusResult>(['status'], { env: member('bob').person.env })
    const agents = clusters[0]?.attachments[0]?.agents ?? []
    return agents.length === 3 && agents.every((one) => one.earlier === undefined)
  })
  const before = (await answers()).length
  const since = await until('each has called twice more', 30_000, async () => {
    const now = (await answers()).slice(before)
    const by = Map.groupBy(now, ([channel]) => channel)
    return by.size === CHANNELS && [...by.values()].every(({ length }) => length >= 2) && now
  })
  assert.deepEqual(new Set(since.map(([, who]) => who)), new Set(['bob']))
  const failed = (await answers()).filter(([, who]) => who !== 'app' && who !== 'bob')
  assert.deepEqual(failed, [])
})
