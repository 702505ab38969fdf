import assert from 'node:assert/strict'
import { addAbortSignal, PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Intercept } from '../../kube/resources.ts'
import { FakeClock } from '../../lib/fake-clock.ts'
import { silentLogger } from '../../lib/logger.ts'
import type { Cluster } from '../cluster.ts'
import type { Workload } from '../workload.ts'
import { Attachment } from './attachment.ts'
import type { Program } from './program.ts'
import type { Taker } from './taker.ts'

/** A cluster that makes an object when it is told to, and keeps the order of what it did. */
function clusterOf(done: string[], created: Promise<void>, asked: () => void): Cluster {
  const cluster = {
    client: {
      create: (object: object, { signal }: { signal?: AbortSignal } = {}) => {
        asked()
        const given = Promise.withResolvers<never>()
        signal?.addEventListener('abort', () => given.reject(signal.reason))
        const made = created.then(() => {
          done.push('created')
          return object
        })
        return Promise.race([made, given.promise])
      },
      delete: async () => done.push('deleted'),
    },
    journal: { add: () => done.push('noted'), remove: () => done.push('forgotten') },
    agents: { withdraw: async () => {} },
    joined: () => ({ session: 's', user: 'anna' }),
    ending: new Set(),
    attachments: new Set(),
    where: { kubeconfig: '', context: '' },
  }
  return cluster as unknown as Cluster
}

function attachmentAt(cluster: Cluster, onTrouble: (text: string) => void = () => {}): Attachment {
  return new Attachment({
    cluster,
    workload: { kind: 'Deployment', name: 'orders', namespace: 'shop' } as Workload,
    spec: { mode: 'intercept', ports: [], filter: '', priority: 0 },
    program: {} as Program,
    taker: { close() {} } as Taker,
    onWaiting: () => {},
    onTrouble,
    onLost: () => {},
  })
}

test('an attachment that is given up while its object is created deletes it after that, not before', async () => {
  const done: string[] = []
  const created = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const cluster = clusterOf(done, created.promise, asked.resolve)
  const attachment = attachmentAt(cluster)
  const stop = new AbortController()
  const started = attachment.start(stop.signal)
  await asked.promise
  stop.abort(new Error('the caller is gone'))
  created.resolve()
  await assert.rejects(started, /the caller is gone/)
  assert.deepEqual(done, ['noted', 'created', 'deleted', 'forgotten'])
})

test('trouble with TLS that begins while it runs is told then, once for each pod', async () => {
  const events = new PassThrough()
  const told: string[] = []
  let version = 1
  let object: Intercept | undefined
  const agent = (message?: string): object => ({
    ...{ pod: 'orders-a', podUid: '1', state: 'ready', publicKey: 'k', routeNow: 'laptop' },
    ...(message !== undefined && { message }),
  })
  /** As the API server has it, with what the agents say. */
  const seen = (...agents: object[]): object => ({
    ...object,
    metadata: { ...object?.metadata, uid: 'u', generation: 1, resourceVersion: `${version++}` },
    status: { observedGeneration: 1, agents },
  })
  const says = (...agents: object[]): void => {
    events.write(`${JSON.stringify({ type: 'MODIFIED', object: seen(...agents) })}\n`)
  }
  const cluster = clusterOf([], Promise.resolve(), () => {})
  Object.assign(cluster, {
    clock: new FakeClock(),
    logger: silentLogger,
    agents: { withdraw: async () => {}, serve() {}, isAttached: () => true },
  })
  Object.assign(cluster.client, {
    create: async (made: Intercept) => {
      object = made
      return { ...made, metadata: { ...made.metadata, uid: 'u' } }
    },
    list: async () => ({ items: [seen(agent())], resourceVersion: '1' }),
    watch: async (_path: object, _query: object, signal: AbortSignal) => addAbortSignal(signal, events),
  })
  const news: (() => void)[] = []
  const attachment = attachmentAt(cluster, (text) => {
    told.push(text)
    news.shift()?.()
  })
  await attachment.start(new AbortController().signal)
  assert.deepEqual(told, [])
  const first = new Promise<void>((resolve) => news.push(resolve))
  says(agent('RC-E-331: the files cannot be read.'))
  await first
  const second = new Promise<void>((resolve) => news.push(resolve))
  says(agent('RC-E-330: no key.'))
  says(agent('RC-E-330: no key.'), { ...agent('RC-E-330: no key.'), pod: 'orders-b', podUid: '2' })
  await second
  assert.deepEqual(told, ['orders-a: RC-E-331: the files cannot be read.', 'orders-b: RC-E-330: no key.'])
  await attachment.end()
})
