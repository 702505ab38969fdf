import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeClient } from '../kube/client.ts'
import { FakeClock } from '../lib/fake-clock.ts'
import { silentLogger } from '../lib/logger.ts'
import type { Node, Pod, Service } from './kinds.ts'
import { Reach } from './reach.ts'

/** A cluster with one ready manager on node `a`. */
class Place {
  readonly clock = new FakeClock()
  /** The ConfigMap's `reach`. */
  written: string | null | undefined
  patches = 0
  asked: string[] = []
  nodeIp = '10.0.0.1'
  service: Service | undefined
  broken = false
  changes = 0
  readonly pods: Pod[] = [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'remocal-manager-0', labels: { 'app.kubernetes.io/name': 'remocal-manager' } },
      spec: { containers: [], nodeName: 'a' },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    },
  ]
  readonly reach = new Reach({
    client: {
      find: async ({ name }: { name: string }): Promise<Node> => {
        this.asked.push(name)
        if (this.broken) throw new Error('the API server is away')
        const addresses = [{ type: 'InternalIP', address: this.nodeIp }]
        return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status: { addresses } }
      },
      get: async () => ({ data: { reach: this.written ?? undefined } }),
      patch: async (_path: object, { data }: { data: { reach: string | null } }) => {
        this.patches++
        this.written = data.reach
      },
    } as unknown as KubeClient,
    namespace: 'remocal-system',
    service: () => this.service,
    pods: () => this.pods,
    clock: this.clock,
    logger: silentLogger,
    onChange: () => this.changes++,
  })

  expose(nodePort: number): void {
    const spec = { type: 'NodePort', ports: [{ port: 7070, nodePort }] }
    const metadata = { name: 'remocal-outside', uid: 'u', resourceVersion: String(nodePort) }
    this.service = { apiVersion: 'v1', kind: 'Service', metadata, spec }
    this.reach.look()
  }

  async settled(): Promise<void> {
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('Reach', () => {
  it('is unknown until Service and pods are, then empty; asks for nothing and writes nothing while nothing is exposed', async () => {
    const place = new Place()
    place.reach.leads = true
    place.reach.look()
    await place.settled()
    assert.deepEqual([place.reach.addresses, place.changes], [undefined, 0])
    place.reach.start()
    await place.settled()
    assert.deepEqual([place.reach.addresses, place.changes, place.asked, place.patches], [[], 1, [], 0])
  })

  it('is told and written when it appears, changes and goes', async () => {
    const place = new Place()
    place.reach.start()
    place.reach.leads = true
    await place.settled()
    place.expose(31_000)
    await place.settled()
    assert.deepEqual(place.reach.addresses, ['10.0.0.1:31000'])
    assert.equal(place.written, '10.0.0.1:31000')
    place.expose(32_000)
    await place.settled()
    assert.equal(place.written, '10.0.0.1:32000')
    place.service = undefined
    place.reach.look()
    await place.settled()
    assert.deepEqual([place.reach.addresses, place.written, place.changes], [[], null, 4])
  })

  it('is written by the one that leads only, and by the next leader only when it differs', async () => {
    const place = new Place()
    place.reach.start()
    place.expose(31_000)
    await place.settled()
    assert.deepEqual([place.reach.addresses, place.patches], [['10.0.0.1:31000'], 0])
    place.reach.leads = true
    await place.settled()
    place.reach.leads = false
    place.reach.leads = true
    await place.settled()
    assert.deepEqual([place.written, place.patches], ['10.0.0.1:31000', 1])
  })

  it('looks at the nodes again after a minute, and not for changes of something else', async () => {
    const place = new Place()
    place.reach.start()
    place.expose(31_000)
    await place.settled()
    const { length } = place.asked
    place.reach.look()
    await place.settled()
    assert.equal(place.asked.length, length)
    place.nodeIp = '10.0.0.9'
    place.clock.advance(60_000)
    await place.settled()
    assert.deepEqual(place.reach.addresses, ['10.0.0.9:31000'])
  })

  it('keeps what it knows while the API server is away, and tries again', async () => {
    const place = new Place()
    place.reach.start()
    place.expose(31_000)
    await place.settled()
    place.broken = true
    place.expose(32_000)
    await place.settled()
    assert.deepEqual(place.reach.addresses, ['10.0.0.1:31000'])
    place.broken = false
    place.clock.advance(2000)
    await place.settled()
    assert.deepEqual(place.reach.addresses, ['10.0.0.1:32000'])
  })
})
