import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fault } from '../diagnose/catalogue.ts'
import type { Intercept, KubeObject, Session } from '../kube/resources.ts'
import { FakeClock } from '../lib/fake-clock.ts'
import { silentLogger } from '../lib/logger.ts'
import type { AgentConfig, ControlMessage } from '../wire/messages/control.ts'
import type { Mux } from '../wire/mux/contract.ts'
import { type AgentEnd, type DialerEnd, Ends } from './carriers/ends.ts'
import type { Pod } from './kinds.ts'
import { Leader, type LeaderOptions } from './leader.ts'
import { intercept, session, shop } from './reconcile/fixtures.ts'
import type { NamespaceView } from './reconcile/workload.ts'

type Patch = { subresource: string; name: string; body: { spec?: Pod['spec']; status?: Intercept['status'] } }

/** A leader over a cluster that a test turns by hand. */
class Place {
  readonly clock = new FakeClock()
  readonly ends = new Ends()
  readonly patches: Patch[] = []
  readonly events: string[] = []
  readonly intercepts = new Map<string, Intercept>()
  readonly sessions = new Map<string, Session>([['jane', session('jane')]])
  readonly networks = { known: true, cidrs: ['10.0.0.0/8'], denied: ['10.1.1.1'] }
  view: NamespaceView | undefined = shop(['Running'])
  /** What the API server does with a patch; it may throw or wait. */
  answer: (patch: Patch) => Promise<void> | void = () => {}
  readonly leader: Leader

  constructor() {
    const patch = async (path: { subresource: string; name: string }, body: Patch['body']): Promise<void> => {
      const { subresource, name } = path
      const made = { subresource, name, body }
      this.patches.push(made)
      await this.answer(made)
    }
    this.leader = new Leader({
      client: { patch } as unknown as LeaderOptions['client'],
      settings: { image: 'remocal:dev', installationKey: 'k', namespace: 'remocal-system', podIp: '10.0.0.9' },
      world: {
        intercepts: { cache: this.intercepts } as unknown as LeaderOptions['world']['intercepts'],
        sessionsByName: this.sessions,
        managers: ['10.0.0.9:7070'],
        ownAddresses: ['10.0.0.9'],
        view: () => this.view,
        forgetUnused() {},
      },
      ends: this.ends,
      networks: this.networks,
      rights: { held: (one) => one, lacking: () => undefined },
      events: { say: (_about: KubeObject, _type, reason) => void this.events.push(reason) },
      clock: this.clock,
      logger: silentLogger,
    })
  }

  intercept(name = 'one', spec: Partial<Intercept['spec']> = {}): Intercept {
    const object = intercept(spec, { name, resourceVersion: '1' })
    this.intercepts.set(name, object)
    return object
  }

  pod(): Pod {
    const [pod] = [...(this.view?.pods ?? [])]
    assert.ok(pod)
    return pod
  }

  /** The pod has an agent from before. */
  hasAgent(): void {
    this.pod().spec.ephemeralContainers = [{ name: 'remocal-1', args: ['agent', '--installation-key', 'k'] }]
  }

  /** The last agent that was added shows in the cache. */
  showAgent(): string {
    const container = this.added().at(-1)
    assert.ok(container)
    this.pod().spec.ephemeralContainers = [container]
    return container.name
  }

  added(): NonNullable<Pod['spec']['ephemeralContainers']> {
    return this.patches.flatMap(({ body }) => body.spec?.ephemeralContainers ?? [])
  }

  statuses(): NonNullable<Intercept['status']>[] {
    return this.patches.flatMap(({ body }) => body.status ?? [])
  }

  /** An agent or dialer joins; gives what it is told. */
  join(end: { role: 'agent' | 'dialer'; podUid: string }): { told: AgentConfig[]; end: AgentEnd | DialerEnd } {
    const told: AgentConfig[] = []
    const control = {
      send: (message: ControlMessage) => void (message.kind === 'config' && told.push(message)),
      close() {},
    }
    const base = { mux: {} as Mux, publicKey: 'its key', control, pod: 'p', podUid: end.podUid }
    const joined: AgentEnd | DialerEnd =
      end.role === 'agent'
        ? { ...base, role: 'agent', namespace: 'shop', container: 'remocal-1', features: [], report: undefined }
        : { ...base, role: 'dialer' }
    this.ends.add(joined)
    return { told, end: joined }
  }

  /** After all that is due. */
  async settle(): Promise<void> {
    this.leader.wake()
    for (let turn = 0; turn < 30; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

describe('the leader', () => {
  it('adds one agent to a pod, however often it looks before the cache shows it', async () => {
    const place = new Place()
    place.intercept()
    place.leader.lead(1)
    for (let look = 0; look < 5; look++) await place.settle()
    assert.equal(place.added().length, 1)
    place.showAgent()
    await place.settle()
    assert.equal(place.added().length, 1)
    assert.deepEqual(place.events, ['AgentAttached'])
    place.leader.close()
  })

  it('does nothing before its term and after it', async () => {
    const place = new Place()
    place.intercept()
    const { told } = place.join({ role: 'agent', podUid: 'p0' })
    await place.settle()
    assert.deepEqual([place.patches, told], [[], []])
    place.leader.lead(1)
    await place.settle()
    const patches = place.patches.length
    assert.ok(patches > 0)
    place.leader.lead(undefined)
    place.intercept('two', { filter: '' })
    await place.settle()
    assert.equal(place.patches.length, patches)
    place.leader.close()
  })

  it('says why a pod got no agent, and asks again after 10 s', async () => {
    const place = new Place()
    place.intercept()
    place.answer = ({ subresource }) => {
      if (subresource === 'ephemeralcontainers') throw fault('RC-C-111', 'The quota is used up.', [])
    }
    place.leader.lead(1)
    await place.settle()
    assert.deepEqual(place.events, ['AgentRefused'])
    const row = place.statuses().at(-1)?.agents?.[0]
    assert.equal(row?.state, 'ERROR')
    assert.match(row?.message ?? '', /The quota is used up/)
    place.clock.advance(9999)
    await place.settle()
    assert.equal(place.added().length, 1)
    place.clock.advance(1)
    await place.settle()
    assert.equal(place.added().length, 2)
    place.leader.close()
  })

  it('leaves the routes of agents alone until their namespace is known', async () => {
    const place = new Place()
    place.intercept()
    const { view } = place
    place.view = undefined
    const { told } = place.join({ role: 'agent', podUid: 'p0' })
    place.leader.lead(2)
    await place.settle()
    assert.equal(told.length, 0, 'a new leader that has not read the pods takes no route away')
    place.view = view
    await place.settle()
    assert.equal(told.length, 1)
    assert.equal(told[0]?.routes.length, 1)
    place.leader.close()
  })

  it('sends a config when it differs, in each term with numbers that only grow', async () => {
    const place = new Place()
    place.intercept()
    const first = place.join({ role: 'agent', podUid: 'p0' })
    place.leader.lead(3)
    await place.settle()
    await place.settle()
    assert.equal(first.told.length, 1)
    place.intercepts.clear()
    await place.settle()
    assert.deepEqual(
      first.told.map(({ epoch, generation, routes }) => [epoch, generation, routes.length]),
      [
        [3, 1, 1],
        [3, 2, 0],
      ],
    )
    place.ends.remove(first.end)
    await place.settle()
    const again = place.join({ role: 'agent', podUid: 'p0' })
    await place.settle()
    assert.equal(again.told.length, 1, 'a new connection is told at once')
    assert.ok((again.told[0]?.generation ?? 0) > 2, 'and with a number that the agent takes')
    place.leader.close()
  })

  it('tells dialers nothing before it knows what must not be dialled', async () => {
    const place = new Place()
    const { told } = place.join({ role: 'dialer', podUid: 'd0' })
    place.networks.known = false
    place.leader.lead(1)
    await place.settle()
    assert.equal(told.length, 0)
    place.networks.known = true
    await place.settle()
    assert.deepEqual(told[0]?.denied, ['10.1.1.1', '10.0.0.9'])
    assert.deepEqual(told[0]?.peers, { jane: 'key of jane' })
    place.leader.close()
  })

  it('tells agents at once while the API server is slow to take a status', async () => {
    const place = new Place()
    const answered = Promise.withResolvers<void>()
    place.answer = ({ subresource }) => (subresource === 'status' ? answered.promise : undefined)
    place.intercept()
    place.hasAgent()
    const { told } = place.join({ role: 'agent', podUid: 'p0' })
    place.leader.lead(1)
    await place.settle()
    assert.equal(told.length, 1)
    place.intercept('two', { filter: '', workload: { kind: 'Deployment', name: 'orders' } })
    await place.settle()
    assert.equal(told.length, 2, "the second attachment does not wait for the first one's status")
    assert.equal(place.patches.filter(({ name }) => name === 'one').length, 1, 'one write of an attachment at a time')
    answered.resolve()
    await place.settle()
    place.leader.close()
  })

  it('writes a status once, also while the watch is behind', async () => {
    const place = new Place()
    const object = place.intercept()
    place.hasAgent()
    place.leader.lead(1)
    for (let look = 0; look < 5; look++) await place.settle()
    assert.equal(place.statuses().length, 1)
    const status = place.statuses()[0]
    assert.ok(status)
    place.intercepts.set('one', { ...object, metadata: { ...object.metadata, resourceVersion: '2' }, status })
    await place.settle()
    assert.equal(place.statuses().length, 1)
    place.intercepts.set('one', { ...object, metadata: { ...object.metadata, resourceVersion: '3' }, status: {} })
    await place.settle()
    assert.equal(place.statuses().length, 2, 'somebody wiped it')
    place.leader.close()
  })

  it('tries a status again that was not taken', async () => {
    const place = new Place()
    place.intercept()
    place.hasAgent()
    let failures = 2
    place.answer = () => {
      if (failures-- > 0) throw fault('RC-C-111', 'Not now.', [])
    }
    place.leader.lead(1)
    await place.settle()
    assert.equal(place.statuses().length, 1)
    for (const count of [2, 3]) {
      place.clock.advance(1000)
      await place.settle()
      assert.equal(place.statuses().length, count)
    }
    place.clock.advance(10_000)
    await place.settle()
    assert.equal(place.statuses().length, 3)
    place.leader.close()
  })
})
