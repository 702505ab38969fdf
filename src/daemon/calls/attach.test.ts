import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttachRequest } from '../../lib/daemon-api.ts'
import { attach, type Kind } from './attach.ts'
import type { CallContext } from './context.ts'

const WORKLOAD = {
  metadata: { name: 'orders', namespace: 'shop' },
  spec: { replicas: 1, template: { spec: { containers: [{ name: 'app', ports: [{ containerPort: 80 }] }] } } },
}
const KIND: Kind = {
  spec: { mode: 'intercept', priority: 0 },
  taker: () => assert.fail('nothing is attached'),
  unheard: () => '',
  unused: () => '',
}

/** One Deployment, whose requests another attachment leads to port 8080 of this laptop already. @param verbs that the user has */
function contextOf(verbs: string[]): CallContext {
  const holder = {
    ...{ name: 'stock-1', namespace: 'shop', isPlaced: false, ports: [{ port: 80, target: 8080 }] },
    workload: { kind: 'Deployment', name: 'stock', namespace: 'shop' },
  }
  const cluster = {
    client: {
      list: async ({ kind }: { kind: string }) => ({ items: kind === 'Deployment' ? [WORKLOAD] : [] }),
      find: async () => ({}),
      mayI: async (verb: string) => ({ allowed: verbs.includes(verb) }),
    },
    namespace: 'shop',
    connect: async () => ({}),
    joined: () => ({ user: 'anna', mark: 'anna-1' }),
    attachments: new Set([holder]),
  }
  const clusters = { find: () => undefined, of: () => cluster, [Symbol.iterator]: () => [cluster].values() }
  return { clusters, entry: '', newFolder: () => assert.fail('nothing is run') } as unknown as CallContext
}

/** The code of the fault that an attempt ends with. */
async function codeOf(asked: Partial<AttachRequest>, ...verbs: string[]): Promise<string> {
  const request = {
    ...{ target: { kubeconfig: '', context: '' }, namespace: 'shop', workload: 'orders', ports: ['80:8080'] },
    command: false,
    ...asked,
  }
  const tell = { step() {}, warning() {}, event: () => true }
  const attempt = attach(contextOf(verbs), request as AttachRequest, KIND, new AbortController().signal, tell)
  return attempt.then(
    () => 'attached',
    (error: { code: string }) => error.code,
  )
}

test('a port of this laptop that is in use is told after all that is wrong with the request itself', async () => {
  assert.equal(await codeOf({}), 'RC-L-108')
  assert.equal(await codeOf({ tls: {}, reopen: true }, 'tls', 'reopen'), 'RC-L-108')
  assert.equal(await codeOf({ filter: 'request.path ==' }), 'RC-U-102')
  assert.equal(await codeOf({ workload: 'ordres' }), 'RC-I-201')
  assert.equal(await codeOf({ container: 'other' }), 'RC-I-215')
  assert.equal(await codeOf({ ports: ['81:8080'] }), 'RC-I-202')
  assert.equal(await codeOf({ tls: {} }, 'reopen'), 'RC-C-118')
  assert.equal(await codeOf({ reopen: true }, 'tls'), 'RC-C-118')
})
