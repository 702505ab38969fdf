/** Two people on one workload: the same requests are refused with the holder's name, different ones share the port. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { InterceptResult, LeaveResult, ListResult, StatusResult } from '../../../src/lib/daemon-api.ts'
import type { FaultFields } from '../../../src/lib/fault.ts'
import { ClientPod, COUNTING } from '../client-pod.ts'
import { type Person, person } from '../person.ts'
import { laptopHome, place } from '../place.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'
import { until } from '../until.ts'

const { client, kubeconfig } = place()
const env = { REMOCAL_HOME: laptopHome(), HOST_LABEL: 'first', PORT: '18081' }
const running: Running[] = []
const pods: ClientPod[] = []
let other: Person

before(async () => {
  other = await person(client, kubeconfig, 'bob', 'remocal-developer')
})

after(async () => {
  await Promise.all(running.map((one) => one.end()))
  await Promise.all(pods.map((pod) => pod.end()))
  await remocal(['quit'], { env })
  await remocal(['quit'], { env: other.env })
  await other.end()
  client.close()
})

/** Runs the orders service as somebody's program. */
async function attach(who: Record<string, string>, port: string, filter: string[]): Promise<void> {
  const args = ['intercept', 'deploy/orders', '-n', 'shop', '--port', `80:${port}`, ...filter]
  const one = start([...args, '--', process.execPath, 'examples/shop/orders.js'], { env: { ...who, PORT: port } })
  running.push(one)
  await one.printed(/Intercepting/)
  await one.printed(/listening/)
}

test('the same requests: refused with who holds them and since when; the refused one leaves nothing', async () => {
  await attach(env, '18081', ['--header', 'x-user=same'])
  const again = await remocal(['intercept', 'orders', '-n', 'shop', '--header', 'x-user=same', '-o', 'json'], {
    env: other.env,
  })
  assert.equal(again.code, 64, again.stderr)
  const { code, sentence } = (JSON.parse(again.stdout) as { fault: FaultFields }).fault
  assert.equal(code, 'RC-I-204')
  const { user } = await client.whoAmI().then(({ username }) => ({ user: username }))
  assert.ok(sentence.includes(user), sentence)
  assert.match(sentence, /since/)
  const { workloads } = await remocalJson<ListResult>(['list', '-n', 'shop'], { env: other.env })
  const held = workloads.find(({ name }) => name === 'orders')?.held
  assert.deepEqual(
    held?.map(({ by, yours }) => ({ by, yours })),
    [{ by: user, yours: false }],
  )
})

test('different headers share the port: each request reaches whom it belongs to', async () => {
  await attach({ ...other.env, HOST_LABEL: 'second' }, '18082', ['--header', 'x-user=bob'])
  const counts = await Promise.all(
    ['x-user: same', 'x-user: bob'].map(async (header) => {
      const pod = new ClientPod(client, 'shop')
      pods.push(pod)
      await pod.start(COUNTING, { URL: 'http://orders/orders/1', COUNT: '40', HEADER: header })
      return JSON.parse((await pod.printed(/RESULT (.*)/))[1] ?? '') as { marked: object; failed: number }
    }),
  )
  assert.deepEqual(
    counts.map(({ marked, failed }) => ({ marked, failed })),
    [
      { marked: { first: 20 }, failed: 0 },
      { marked: { second: 20 }, failed: 0 },
    ],
  )
})

test('everything (`--all`) of somebody lies behind the personal ones of others, and two of them are refused', async () => {
  const all = await remocalJson<InterceptResult>(['intercept', 'orders', '-n', 'shop', '--all', '--port', '80:18083'], {
    env,
  })
  assert.equal(all.filter, '')
  const second = await remocal(['intercept', 'orders', '-n', 'shop', '--all'], { env: other.env })
  assert.notEqual(second.code, 0)
  await remocal(['leave', 'orders', '-n', 'shop'], { env })
})

test('priorities and what a filter could not be asked are shown; `leave` ends one of several by its name', async () => {
  const filter = 'int(request.headers["x-count"]) > 1'
  const attached = (...more: string[]): Promise<InterceptResult> =>
    remocalJson<InterceptResult>(['intercept', 'orders', '-n', 'shop', ...more], { env })
  const failing = await attached('--filter', filter, '--priority', '2', '--port', '80:18084')
  const other = await attached('--header', 'x-user=zed', '--port', '80:18085')
  const attachments = async (): Promise<StatusResult['clusters'][number]['attachments']> => {
    const { clusters } = await remocalJson<StatusResult>(['status'], { env })
    return clusters.flatMap((cluster) => cluster.attachments)
  }
  const asked = await remocal(['run', '-n', 'shop', '--', 'curl', '-sS', 'http://orders/orders/1'], { env })
  assert.equal(asked.code, 0, asked.stderr)
  const shown = await until('the agent tells', 10_000, async () =>
    (await attachments()).find(({ name, filtered }) => name === failing.name && filtered.failed > 0),
  )
  assert.deepEqual([shown.priority, shown.filtered], [2, { exceeded: 0, failed: 1 }])
  const { left } = await remocalJson<LeaveResult>(['leave', failing.name], { env })
  assert.deepEqual(left, [{ namespace: 'shop', workload: 'deploy/orders', name: failing.name }])
  assert.deepEqual(
    (await attachments()).map(({ name }) => name),
    [other.name],
  )
  await remocal(['leave', other.name], { env })
})
