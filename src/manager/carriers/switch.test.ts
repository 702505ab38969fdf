import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Intercept, Session } from '../../kube/resources.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import type { Flow } from '../../wire/mux/contract.ts'
import { createIdentity } from '../../wire/session/identity.ts'
import { type FarEnd, Place } from './fixtures/far-end.ts'
import type { ProofSource } from './prove.ts'

const identity = createIdentity({ subject: 'test' })

function intercept(session: string, podUid: string): Intercept {
  return {
    apiVersion: 'remocal.dev/v1alpha1',
    kind: 'Intercept',
    metadata: { name: 'orders', namespace: 'shop', uid: 'i1' },
    spec: {
      mode: 'intercept',
      workload: { kind: 'Deployment', name: 'orders' },
      ports: [{ port: 8080, target: 8080 }],
      filter: '',
      priority: 0,
      session,
      owner: 'anna',
    },
    status: { agents: [{ pod: 'orders-1', podUid, container: 'remocal-1', state: 'SYNCED' }] },
  }
}

/** Everybody has the same key, and Kubernetes knows them all. */
function place(): Place {
  const pod = (name: string): object => ({
    metadata: { name, uid: name, labels: { 'app.kubernetes.io/name': 'remocal-dialer' } },
    spec: {
      ephemeralContainers: [
        {
          name: 'remocal-1',
          image: 'remocal:dev',
          args: ['agent', '--pod-uid', name, '--installation-key', manager.installationKey],
        },
      ],
    },
  })
  const client = {
    find: async ({ name }: { name: string }) => pod(name),
    log: async () => `${identity.publicKey}\n`,
  } as unknown as ProofSource['client']
  const session = async (name: string): Promise<Session> => ({
    apiVersion: 'remocal.dev/v1alpha1',
    kind: 'Session',
    metadata: { name },
    spec: { owner: 'anna', publicKey: identity.publicKey },
  })
  const manager: Place = new Place(clock, { client, session })
  return manager
}

const daemonOf = (manager: Place, session = 'anna-1'): Promise<FarEnd> =>
  manager.join(clock, { role: 'daemon', session }, identity)
const agentOf = (manager: Place, pod = 'orders-1'): Promise<FarEnd> =>
  manager.join(clock, { role: 'agent', namespace: 'shop', pod, podUid: pod, container: 'remocal-1' }, identity)
const dialerOf = (manager: Place, pod: string): Promise<FarEnd> =>
  manager.join(clock, { role: 'dialer', pod, podUid: pod }, identity)

/** What comes until the far end ends. */
function read(flow: Flow): Promise<string> {
  const pieces: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<string>()
  flow.bind({
    onData: (bytes) => void pieces.push(bytes),
    onEnd: () => resolve(Buffer.concat(pieces).toString()),
    onDrain() {},
    onClose: (reason) => resolve(`reset: ${reason?.message}`),
  })
  return promise
}

describe('the switch', () => {
  it('joins a daemon with the agent of a pod that an attachment of its session covers', async () => {
    const manager = place()
    manager.intercepts = [intercept('anna-1', 'orders-1')]
    const [daemon, agent] = [await daemonOf(manager), await agentOf(manager)]
    const arrived = agent.nextFlow()
    const mine = daemon.mux.open(Buffer.from(JSON.stringify({ to: 'agent/orders-1' })), Buffer.from('early '))
    const answer = read(mine)
    const { flow, header } = await arrived
    assert.deepEqual(header, { to: 'agent/orders-1', from: 'anna-1' })
    const request = read(flow)
    mine.send(Buffer.from('and late'))
    mine.end()
    assert.equal(await request, 'early and late')
    flow.send(Buffer.from('answer'))
    flow.end()
    assert.equal(await answer, 'answer')
  })

  it('tells neither end more than the end when a daemon went', async () => {
    const manager = place()
    manager.intercepts = [intercept('anna-1', 'orders-1')]
    const [daemon, agent] = [await daemonOf(manager), await agentOf(manager)]
    const arrived = agent.nextFlow()
    const mine = daemon.mux.open(Buffer.from(JSON.stringify({ to: 'agent/orders-1' })))
    read(mine).catch(() => {})
    const { flow } = await arrived
    const seen = read(flow)
    daemon.mux.close()
    assert.match(await seen, /^reset: /)
    assert.equal(manager.ends.agents.length, 1, "the agent's carrier stays")
  })

  it('waits for an agent that is about to join', async () => {
    const manager = place()
    manager.intercepts = [intercept('anna-1', 'orders-1')]
    const daemon = await daemonOf(manager)
    read(daemon.mux.open(Buffer.from(JSON.stringify({ to: 'agent/orders-1' })))).catch(() => {})
    const arriving = manager.connect(clock)
    const arrived = arriving.far.nextFlow()
    const end = {
      role: 'agent',
      namespace: 'shop',
      pod: 'orders-1',
      podUid: 'orders-1',
      container: 'remocal-1',
    } as const
    await arriving.far.prove(end, identity)
    assert.deepEqual((await arrived).header, { to: 'agent/orders-1', from: 'anna-1' })
  })

  it('refuses pods that only attachments of others cover, and what is no circuit', async () => {
    const manager = place()
    manager.intercepts = [intercept('bert-1', 'orders-1'), intercept('anna-1', 'stock-1')]
    const daemon = await daemonOf(manager)
    await agentOf(manager)
    const reasons = await Promise.all([
      daemon.refusalOf('agent/orders-1'),
      daemon.refusalOf('agent/'),
      daemon.refusalOf('dialer'),
      daemon.refusalOf('manager'),
      daemon.refusalOf('agent/../x'),
    ])
    for (const reason of reasons) assert.match(reason ?? '', /is not connected to this manager|there is no circuit to/)
    const garbled = read(daemon.mux.open(Buffer.from('no json')))
    assert.match(await garbled, /an unreadable circuit header/)
  })

  it('opens nothing for agents and dialers', async () => {
    const manager = place()
    manager.intercepts = [intercept('anna-1', 'orders-1')]
    const [agent, dialer] = [await agentOf(manager), await dialerOf(manager, 'd1')]
    assert.match((await agent.refusalOf('dialer')) ?? '', /no circuit may be opened here/)
    assert.match((await dialer.refusalOf('agent/orders-1')) ?? '', /no circuit may be opened here/)
  })

  it('takes a dialer that lives', async () => {
    const manager = place()
    const [daemon, gone, alive] = [
      await daemonOf(manager),
      await dialerOf(manager, 'd1'),
      await dialerOf(manager, 'd2'),
    ]
    gone.mux.close()
    const arrived = alive.nextFlow()
    for (let turn = 0; manager.ends.dialers.length > 1; turn++) {
      assert.ok(turn < 1000, 'the dialer that went is known to be gone')
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    read(daemon.mux.open(Buffer.from(JSON.stringify({ to: 'dialer' })))).catch(() => {})
    assert.deepEqual((await arrived).header, { to: 'dialer', from: 'anna-1' })
  })
})
