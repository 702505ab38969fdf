import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { KubeObject, Session } from '../../kube/resources.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { FakeClock } from '../../lib/fake-clock.ts'
import { controlChannel } from '../../wire/control.ts'
import type { Hello } from '../../wire/messages/hello.ts'
import { createIdentity } from '../../wire/session/identity.ts'
import { Place } from './fixtures/far-end.ts'
import type { ProofSource } from './prove.ts'

const identity = createIdentity({ subject: 'test' })
const daemon: Hello['end'] = { role: 'daemon', session: 'anna-1' }
const agent: Hello['end'] = {
  role: 'agent',
  namespace: 'shop',
  pod: 'orders-1',
  podUid: 'u1',
  container: 'remocal-1',
}

function session(publicKey: string): Session {
  return {
    apiVersion: 'remocal.dev/v1alpha1',
    kind: 'Session',
    metadata: { name: 'anna-1', namespace: 'remocal-system' },
    spec: { owner: 'anna', publicKey },
  }
}

/** What Kubernetes would say; a test changes it before something asks. */
class Cluster {
  session: Session | undefined
  findSession: () => Promise<Session | undefined> = async () => this.session
  pod: KubeObject | undefined
  log: () => string | Promise<string> = () => ''
  readonly proof = {
    client: {
      find: async () => this.pod,
      log: async () => await this.log(),
    } as unknown as ProofSource['client'],
    session: () => this.findSession(),
  }

  /** The pod of `agent`, with an agent that a manager wrote. */
  agentPod(installationKey: string, change: object = {}): void {
    const args = ['agent', '--pod-uid', 'u1', '--installation-key', installationKey]
    const container = { name: 'remocal-1', image: 'remocal:dev', args, ...change }
    this.pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'orders-1', namespace: 'shop', uid: 'u1' },
      spec: { containers: [{ name: 'app' }], ephemeralContainers: [container] },
    } as KubeObject
  }
}

function place(): { cluster: Cluster; manager: Place } {
  const cluster = new Cluster()
  return { cluster, manager: new Place(clock, cluster.proof) }
}

describe('a carrier', () => {
  it('belongs to the daemon whose key is the one of its Session', async () => {
    const { cluster, manager } = place()
    cluster.session = session(identity.publicKey)
    const far = await manager.join(clock, daemon, identity)
    assert.deepEqual(
      manager.ends.daemons.map((end) => [end.session, end.publicKey]),
      [['anna-1', identity.publicKey]],
    )
    const left = once(manager.ends, 'left')
    far.mux.close()
    await left
    assert.equal(manager.ends.daemons.length, 0)
  })

  it('is refused to a key that is not the one of the Session, and where there is no Session', async () => {
    const { cluster, manager } = place()
    await assert.rejects(manager.join(clock, daemon, identity), /there is no Session anna-1/)
    cluster.session = session(createIdentity({ subject: 'other' }).publicKey)
    await assert.rejects(manager.join(clock, daemon, identity), /the key is not the one of the Session/)
    assert.equal(manager.ends.daemons.length, 0)
  })

  it('may open nothing beside the first circuit before its key is proved', async () => {
    const { cluster, manager } = place()
    const asked = Promise.withResolvers<Session | undefined>()
    cluster.findSession = () => asked.promise
    const { far } = manager.connect(clock)
    await far.prove(daemon, identity)
    assert.match((await far.refusalOf('dialer')) ?? '', /no circuit may be opened here/)
    asked.resolve(undefined)
    await assert.rejects(far.refused, /there is no Session/)
  })

  it('has 10 s to prove a key', async () => {
    const fake = new FakeClock()
    const manager = new Place(fake, new Cluster().proof)
    const { far, over } = manager.connect(fake)
    fake.advance(9999)
    assert.equal(await Promise.race([far.closed.then(() => 'closed'), clockTurn()]), 'open')
    fake.advance(1)
    assert.match((await far.closed)?.message ?? '', /no key was proved within 10 s/)
    await over
  })

  it('that went while its key was looked up is nobody afterwards', async () => {
    const { cluster, manager } = place()
    const asked = Promise.withResolvers<Session | undefined>()
    const looking = Promise.withResolvers<void>()
    cluster.findSession = () => {
      looking.resolve()
      return asked.promise
    }
    const { far, over } = manager.connect(clock)
    await far.prove(daemon, identity)
    await looking.promise
    far.mux.close()
    await over
    asked.resolve(session(identity.publicKey))
    await clockTurn()
    assert.deepEqual(manager.ends.daemons, [])
  })

  it('ends with its Session object, and when that has another key by now', async () => {
    const { cluster, manager } = place()
    cluster.session = session(identity.publicKey)
    const far = await manager.join(clock, daemon, identity)
    manager.ends.endWithoutSession(new Map([['anna-1', session(identity.publicKey)]]))
    assert.equal(manager.ends.daemons.length, 1)
    manager.ends.endWithoutSession(new Map([['anna-1', session('another key')]]))
    assert.match((await far.closed)?.message ?? '', /no Session anna-1 any more/)
    assert.equal(manager.ends.daemons.length, 0)
  })
})

describe('the carrier of an agent', () => {
  it('is taken once its container has printed the key', async () => {
    const { cluster, manager } = place()
    cluster.agentPod(manager.installationKey)
    let readings = 0
    cluster.log = () => {
      readings++
      if (readings === 1) throw new Error('the container is being created')
      return readings === 2 ? '' : `${identity.publicKey}\n`
    }
    await manager.join(clock, agent, identity)
    assert.equal(manager.ends.agent('u1')?.publicKey, identity.publicKey)
    assert.equal(readings, 3)
  })

  it('is refused where the container is none that a manager wrote into this very pod', async () => {
    const { cluster, manager } = place()
    cluster.log = () => `${identity.publicKey}\n`
    const key = manager.installationKey
    for (const change of [
      { image: 'evil:1' },
      { name: 'remocal-2' },
      { args: ['run', '--pod-uid', 'u1', '--installation-key', key] },
      { args: ['agent', '--pod-uid', 'u2', '--installation-key', key] },
      { args: ['agent', '--pod-uid', 'u1', '--installation-key', 'another'] },
    ]) {
      cluster.agentPod(key, change)
      await assert.rejects(manager.join(clock, agent, identity), /is not an agent of this installation/)
    }
    cluster.agentPod(key)
    await assert.rejects(
      manager.join(clock, { ...agent, podUid: 'u2' }, identity),
      /no pod shop\/orders-1 with that uid/,
    )
    await assert.rejects(manager.join(clock, { ...agent, container: 'app' }, identity), /is not an agent/)
    assert.deepEqual(manager.ends.agents, [])
  })

  it('keeps one control stream: a second one takes the place of the first', async () => {
    const { cluster, manager } = place()
    cluster.agentPod(manager.installationKey)
    cluster.log = () => `${identity.publicKey}\n`
    const far = await manager.join(clock, agent, identity)
    const reported = once(manager.ends, 'report')
    for (const epoch of [1, 2]) {
      const listening = once(manager.ends, 'listening')
      const opened = await far.session?.open({ service: 'control' })
      assert.ok(opened)
      const channel = controlChannel(opened.stream, { onMessage() {} })
      await listening
      if (epoch === 2) channel.send({ kind: 'report', epoch, generation: 7, routes: [], listening: [8080] })
    }
    await reported
    assert.equal(manager.ends.agent('u1')?.report?.generation, 7)
  })
})

/** After whatever is due now; says `open`. */
async function clockTurn(): Promise<string> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  return 'open'
}
