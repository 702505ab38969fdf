import assert from 'node:assert/strict'
import { test } from 'node:test'
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

test('an attachment that is given up while its object is created deletes it after that, not before', async () => {
  const done: string[] = []
  const created = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const cluster = clusterOf(done, created.promise, asked.resolve)
  const attachment = new Attachment({
    cluster,
    workload: { kind: 'Deployment', name: 'orders', namespace: 'shop' } as Workload,
    spec: { mode: 'intercept', ports: [], filter: '', priority: 0 },
    program: {} as Program,
    taker: { close() {} } as Taker,
    onWaiting: () => {},
    onTrouble: () => {},
    onLost: () => {},
  })
  const stop = new AbortController()
  const started = attachment.start(stop.signal)
  await asked.promise
  stop.abort(new Error('the caller is gone'))
  created.resolve()
  await assert.rejects(started, /the caller is gone/)
  assert.deepEqual(done, ['noted', 'created', 'deleted', 'forgotten'])
})
