import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fault } from '../diagnose/catalogue.ts'
import { ApiRefusal } from '../kube/api-fault.ts'
import type { KubeObject } from '../kube/resources.ts'
import { FakeClock } from '../lib/fake-clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { LeaderLease, type LeaseOptions } from './lease.ts'

/** One Lease object with optimistic concurrency; it can fall silent. */
class Api {
  lease: (KubeObject & { spec?: { holderIdentity?: string; leaseTransitions?: number } }) | undefined
  silent = false
  #version = 0

  readonly client = {
    find: (_path: object, options: { signal?: AbortSignal } = {}) => this.#answer(options.signal, () => this.lease),
    create: (object: KubeObject, options: { signal?: AbortSignal } = {}) =>
      this.#answer(options.signal, () => {
        if (this.lease !== undefined) throw conflict()
        return this.#write(object)
      }),
    replace: (object: KubeObject, options: { signal?: AbortSignal } = {}) =>
      this.#answer(options.signal, () => {
        if (this.lease?.metadata.resourceVersion !== object.metadata.resourceVersion) throw conflict()
        return this.#write(object)
      }),
  } as unknown as LeaseOptions['client']

  #write(object: KubeObject): KubeObject {
    this.lease = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } }
    return this.lease
  }

  async #answer<T>(signal: AbortSignal | undefined, make: () => T): Promise<T> {
    if (!this.silent) return make()
    return await new Promise<T>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error))
    })
  }
}

function conflict(): Error {
  const refusal = new ApiRefusal(409, JSON.stringify({ reason: 'Conflict', message: 'somebody was faster' }))
  return fault('RC-C-116', 'somebody was faster', [], refusal)
}

interface Replica {
  lease: LeaderLease
  /** Terms as they were told: a number, or undefined. */
  told: (number | undefined)[]
}

function replica(api: Api, clock: FakeClock, identity: string): Replica {
  const told: Replica['told'] = []
  const { client } = api
  const onChange = (epoch: number | undefined): void => void told.push(epoch)
  const options = { client, namespace: 'remocal-system', identity, clock, logger: silentLogger, onChange }
  return { lease: new LeaderLease(options).start(), told }
}

/** Lets what was answered be taken in. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(500, left))
    await settle()
  }
}

describe('the lease', () => {
  it('has one holder while it is renewed', async () => {
    const api = new Api()
    const clock = new FakeClock()
    const first = replica(api, clock, 'manager-0')
    await settle()
    const second = replica(api, clock, 'manager-1')
    await pass(clock, 60_000)
    assert.deepEqual(first.told, [1])
    assert.deepEqual(second.told, [])
    await Promise.all([first.lease.close(), second.lease.close()])
  })

  it('goes to another replica within 9 s of the last renewal, as the next term', async () => {
    const api = new Api()
    const clock = new FakeClock()
    api.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'remocal-manager', resourceVersion: 'x' },
      spec: { holderIdentity: 'manager-0', leaseTransitions: 4 },
    }
    const second = replica(api, clock, 'manager-1')
    await pass(clock, 5500)
    assert.deepEqual(second.told, [])
    await pass(clock, 3500)
    assert.deepEqual(second.told, [5])
    await second.lease.close()
  })

  it('is taken at once by the same pod after a restart, as the next term', async () => {
    const api = new Api()
    const clock = new FakeClock()
    api.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'remocal-manager', resourceVersion: 'x' },
      spec: { holderIdentity: 'manager-0', leaseTransitions: 4 },
    }
    const first = replica(api, clock, 'manager-0')
    await settle()
    assert.deepEqual(first.told, [5])
    await first.lease.close()
  })

  it('is given up on close, so that the next one need not wait', async () => {
    const api = new Api()
    const clock = new FakeClock()
    const first = replica(api, clock, 'manager-0')
    await settle()
    const second = replica(api, clock, 'manager-1')
    await settle()
    await first.lease.close()
    assert.deepEqual(first.told, [1, undefined])
    await pass(clock, 2000)
    assert.deepEqual(second.told, [2])
    await second.lease.close()
  })

  it('ends for a holder whose API server falls silent, before another one can have it', async () => {
    const api = new Api()
    const clock = new FakeClock()
    const first = replica(api, clock, 'manager-0')
    await settle()
    api.silent = true
    await pass(clock, 5000)
    assert.deepEqual(first.told, [1])
    await pass(clock, 500)
    assert.deepEqual(first.told, [1, undefined])
    api.silent = false
    await pass(clock, 4000)
    assert.deepEqual(first.told, [1, undefined, 2], 'and is had again once it answers')
    await first.lease.close()
  })
})
