import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Answer, UserInfo } from '../kube/client.ts'
import type { ObjectPath } from '../kube/path.ts'
import type { Intercept, Session } from '../kube/resources.ts'
import { FakeClock } from '../lib/fake-clock.ts'
import { silentLogger } from '../lib/logger.ts'
import { podConfig } from './reconcile/agent-config.ts'
import { decideAll } from './reconcile/decide.ts'
import { intercept, session, shop } from './reconcile/fixtures.ts'
import { Rights } from './rights.ts'

/** Rights of a cluster that a test turns by hand. */
class Place {
  readonly clock = new FakeClock()
  readonly held: Intercept[] = []
  readonly sessions = new Map<string, Session>()
  readonly asked: string[] = []
  /** `user verb` of what is not allowed. */
  readonly refused = new Set<string>()
  fails = false
  changes = 0
  readonly rights: Rights = new Rights({
    client: {
      may: async ({ username, groups }: UserInfo, verb: string, { namespace, name }: ObjectPath): Promise<Answer> => {
        this.asked.push(`${username}${groups.length > 0 ? ` of ${groups}` : ''} ${verb} ${namespace}/${name}`)
        if (this.fails) throw new Error('no answer')
        return { allowed: !this.refused.has(`${username} ${verb}`), reason: '' }
      },
    },
    intercepts: () => this.held,
    sessions: () => this.sessions,
    clock: this.clock,
    logger: silentLogger,
    onChange: () => void this.changes++,
  })

  hold(spec: Partial<Intercept['spec']>): Intercept {
    const made = intercept(spec)
    this.held.push(made)
    return made
  }

  /** Time goes by, and what is due then is asked and answered. */
  async after(ms: number): Promise<void> {
    this.clock.advance(ms)
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

describe('rights', () => {
  it('are asked for each minute, by the verb that the attachment needs, once for each question', async () => {
    const place = new Place()
    place.sessions.set('jane', { ...session('jane'), spec: { ...session('jane').spec, groups: ['dev'] } })
    place.hold({ tls: {}, reopen: true })
    place.hold({})
    place.hold({ filter: '' })
    place.hold({ mode: 'wiretap', owner: 'bob', session: 'jane', filter: '' })
    place.hold({ mode: 'watch', owner: 'eve', session: 'gone' })
    await place.rights.check()
    assert.deepEqual(place.asked, [
      'jane of dev intercept shop/orders',
      'jane of dev tls shop/orders',
      'jane of dev reopen shop/orders',
      'jane of dev intercept-all shop/orders',
      // Nobody has the groups of another one's session.
      'bob wiretap shop/orders',
      'eve tap shop/orders',
    ])
    await place.after(59_999)
    assert.equal(place.asked.length, 6)
    await place.after(1)
    assert.equal(place.asked.length, 12)
    assert.equal(place.changes, 0)
    place.rights.close()
  })

  it('that are lost end an attachment, after a second refusal within seconds', async () => {
    const place = new Place()
    const one = place.hold({})
    await place.rights.check()
    place.refused.add('jane intercept')
    await place.after(60_000)
    assert.equal(place.rights.lacking(one), undefined)
    await place.after(5000)
    assert.equal(
      place.rights.lacking(one),
      'jane lacks the verb "intercept" on workloads.remocal.dev/orders in namespace shop',
    )
    assert.equal(place.changes, 1)
    const view = shop()
    const decide = (): string | undefined =>
      decideAll({
        intercepts: place.held,
        view: () => view,
        filterProblem: () => undefined,
        lacking: (some) => place.rights.lacking(some),
      })[0]?.reason
    assert.equal(decide(), 'Forbidden')
    place.refused.clear()
    await place.after(60_000)
    assert.equal(decide(), 'Accepted')
    assert.equal(place.changes, 2)
    place.rights.close()
  })

  it('a single refusal is forgotten', async () => {
    const place = new Place()
    const one = place.hold({})
    for (let round = 0; round < 3; round++) {
      place.refused.add('jane intercept')
      await (round === 0 ? place.rights.check() : place.after(60_000))
      place.refused.clear()
      await place.after(5000)
      assert.equal(place.rights.lacking(one), undefined)
    }
    assert.equal(place.changes, 0)
    place.rights.close()
  })

  it('to look into TLS, and to end connections, are lost by themselves: the agent is told a route without them', async () => {
    for (const [verb, spec] of [
      ['tls', { tls: { plaintext: true } }],
      ['reopen', { reopen: true }],
    ] as const) {
      const place = new Place()
      const one = place.hold(spec)
      place.sessions.set('jane', session('jane'))
      const view = shop()
      const [pod] = [...view.pods]
      const route = (): object | undefined => {
        const decisions = decideAll({
          intercepts: place.held.map((some) => place.rights.held(some)),
          view: () => view,
          filterProblem: () => undefined,
          lacking: (some) => place.rights.lacking(some),
        })
        return pod && podConfig(pod, decisions, place.sessions, []).routes[0]
      }
      await place.rights.check()
      assert.ok(verb in (route() ?? {}))
      place.refused.add(`jane ${verb}`)
      await place.after(60_000)
      await place.after(5000)
      assert.equal(place.rights.lacking(one), undefined)
      assert.ok(route() !== undefined && !(verb in (route() ?? {})), verb)
      place.rights.close()
    }
  })

  it('stay as they were while the API server does not answer, which is asked again soon', async () => {
    const place = new Place()
    const one = place.hold({})
    place.hold({ owner: 'bob' })
    place.refused.add('jane intercept')
    await place.rights.check()
    await place.after(5000)
    assert.notEqual(place.rights.lacking(one), undefined)
    place.fails = true
    place.asked.length = 0
    await place.after(60_000)
    assert.equal(place.asked.length, 1)
    assert.notEqual(place.rights.lacking(one), undefined)
    place.fails = false
    place.refused.clear()
    await place.after(5000)
    assert.equal(place.rights.lacking(one), undefined)
    place.rights.close()
  })
})
