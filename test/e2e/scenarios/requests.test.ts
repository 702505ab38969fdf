/** Personal requests go to the laptop, the others to the pods; nothing of the workload changes; open connections live on. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { KubeObject } from '../../../src/kube/resources.ts'
import type { ConnectResult } from '../../../src/lib/daemon-api.ts'
import { ClientPod, COUNTING, KEEPING } from '../client-pod.ts'
import { laptopHome, place } from '../place.ts'
import { type Running, remocal, remocalJson, start } from '../remocal.ts'
import { until } from '../until.ts'

interface Pod extends KubeObject {
  spec: { containers: object[] }
  status: { phase: string; containerStatuses: { name: string; containerID: string; restartCount: number }[] }
}

/** What `KEEPING` counts. */
interface Kept {
  opened: number
  failed: number
  reopened: number
  least: number
}

const { client } = place()
const env = { REMOCAL_HOME: laptopHome(), HOST_LABEL: 'laptop' }
const ORDERS = 'examples/shop/orders.js'
const pods: ClientPod[] = []
let mark = ''
let intercept: Running | undefined

before(async () => {
  mark = (await remocalJson<ConnectResult>(['connect'], { env })).mark
})

after(async () => {
  await intercept?.end()
  await Promise.all(pods.map((pod) => pod.end()))
  await remocal(['quit'], { env })
  client.close()
})

/** What must not change while somebody attaches. */
async function workload(): Promise<unknown> {
  const { items } = await client.list<Pod>(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' },
    { labelSelector: 'app=orders' },
  )
  const ofKind = async (kind: string): Promise<unknown> =>
    (await client.list({ apiVersion: 'apps/v1', kind, namespace: 'shop' })).items.map(({ metadata }) => [
      metadata.name,
      metadata.generation,
    ])
  return {
    pods: items.map(({ metadata, spec, status }) => [
      metadata.name,
      spec.containers,
      status.containerStatuses.map(({ containerID, restartCount }) => [containerID, restartCount]),
    ]),
    deployments: await ofKind('Deployment'),
    replicaSets: await ofKind('ReplicaSet'),
  }
}

async function clientPod(script: string, settings: Record<string, string>): Promise<ClientPod> {
  const pod = new ClientPod(client, 'shop')
  pods.push(pod)
  await pod.start(script, settings)
  return pod
}

test('200 requests, half of them marked: 100 from the laptop, 100 from both pods, no failure; the workload and 50 open connections stay as they were', async () => {
  const earlier = await workload()
  const keeping = await clientPod(KEEPING, { HOST: 'orders', CONNECTIONS: '50' })
  await keeping.printed(/OPENED/)

  intercept = start(['intercept', 'deploy/orders', '-n', 'shop', '--', process.execPath, ORDERS], { env })
  await intercept.printed(/Intercepting/)
  await intercept.printed(/listening/)
  const counting = await clientPod(COUNTING, {
    URL: 'http://orders/orders/1',
    COUNT: '200',
    HEADER: `x-remocal: ${mark}`,
  })
  const counted = JSON.parse((await counting.printed(/RESULT (.*)/))[1] ?? '')

  assert.equal(counted.failed, 0)
  assert.deepEqual(counted.marked, { laptop: 100 })
  const answered = Object.entries(counted.plain as Record<string, number>)
  assert.equal(answered.length, 2, `both pods answer: ${JSON.stringify(counted.plain)}`)
  assert.equal(
    answered.reduce((sum, [, count]) => sum + count, 0),
    100,
  )
  assert.deepEqual(await workload(), earlier)

  const last = async (): Promise<Kept> =>
    JSON.parse(
      (await keeping.log())
        .match(/^RESULT (.*)$/gm)
        ?.at(-1)
        ?.slice(7) ?? '',
    )
  const { least: before } = await last()
  const { least, ...kept } = await until('each was asked ten times more', 30_000, async () => {
    const now = await last()
    return now.least >= before + 10 && now
  })
  assert.deepEqual(kept, { failed: 0, reopened: 0, opened: 50 })
})
