import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Intercept } from '../../kube/resources.ts'
import type { Cluster } from '../cluster.ts'
import type { Workload } from '../workload.ts'
import { heldElsewhere } from './held-elsewhere.ts'
import { chosenOf } from './leave.ts'

function attachment(name: string, kind: string, of: string, namespace: string) {
  return { name, namespace, workload: { kind, name: of, namespace } as Workload }
}

const ALL = [
  attachment('orders-1', 'Deployment', 'orders', 'shop'),
  attachment('orders-2', 'Deployment', 'orders', 'shop'),
  attachment('web-1', 'Deployment', 'web', 'shop'),
  attachment('web-2', 'Deployment', 'web', 'pay'),
]

function named(typed: string): string[] {
  return chosenOf(ALL, typed).map(({ name }) => name)
}

test('leave takes all of one workload, or one by its name, and refuses to choose among namespaces', () => {
  assert.deepEqual(named('orders'), ['orders-1', 'orders-2'])
  assert.deepEqual(named('deployment/orders'), ['orders-1', 'orders-2'])
  assert.deepEqual(named('web-2'), ['web-2'])
  assert.deepEqual(named('sts/orders'), [])
  assert.throws(() => named('deploy/web'), {
    code: 'RC-U-101',
    sentence: 'Cannot leave deploy/web: attached are deploy/web in shop and deploy/web in pay. Nothing was changed.',
    actions: ['remocal leave deploy/web -n shop', 'remocal leave deploy/web -n pay'],
  })
})

function intercept(name: string, owner: string, session: string): Partial<Intercept> {
  const spec = { owner, session, workload: { kind: 'Deployment', name: 'orders' } } as Intercept['spec']
  return { metadata: { name, namespace: 'shop' }, spec }
}

function clusterWith(...items: Partial<Intercept>[]): Cluster {
  const joined = () => ({ user: 'anna', session: 'here' })
  return {
    state: 'connected',
    namespace: 'shop',
    joined,
    client: { list: async () => ({ items }) },
  } as unknown as Cluster
}

test('leave says what the same person holds on another laptop, and nobody else', async () => {
  const cluster = clusterWith(intercept('orders-3', 'anna', 'there'), intercept('orders-4', 'tom', 'his'))
  const fault = await heldElsewhere(cluster, undefined, 'deploy/orders')
  assert.match(fault?.sentence ?? '', /you hold it on another laptop \(orders-3\)/)
  assert.deepEqual(fault?.actions, [
    'there: remocal leave orders-3',
    'or from here: kubectl delete intercepts.remocal.dev orders-3 -n shop',
  ])
  assert.equal((await heldElsewhere(cluster, 'shop', 'orders-3'))?.code, 'RC-I-209')
  assert.equal(await heldElsewhere(cluster, undefined, 'orders-4'), undefined)
  assert.equal(await heldElsewhere(clusterWith(intercept('orders-5', 'anna', 'here')), undefined, 'orders'), undefined)
})
