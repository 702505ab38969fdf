/** Sessions: each replica says which it sees; the leader takes away those that nobody has seen for a while, and what was theirs. */
import type { KubeClient } from '../kube/client.ts'
import type { Intercept, Session } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Ends } from './carriers/ends.ts'
import type { World } from './world.ts'

const SEEN_MS = 20_000
const SWEEP_MS = 5000
const UNSEEN_MS = 60_000
/** An attachment without its session: the cache may be behind by so much. */
const ORPHAN_MS = 5000

export class Janitor {
  readonly #client: KubeClient
  readonly #world: World
  readonly #ends: Ends
  readonly #pod: string
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #timers: Timer[]
  /** When each session's `lastSeen` was seen to change: clocks of two machines are never compared. */
  readonly #seen = new Map<string, { lastSeen: string; at: number }>()
  readonly #orphans = new Map<string, number>()
  leads = false

  constructor(options: { client: KubeClient; world: World; ends: Ends; pod: string; clock: Clock; logger: Logger }) {
    this.#client = options.client
    this.#world = options.world
    this.#ends = options.ends
    this.#pod = options.pod
    this.#clock = options.clock
    this.#logger = options.logger
    this.#timers = [
      options.clock.every(SEEN_MS, () => {
        for (const { session } of this.#ends.daemons) this.see(session)
      }),
      options.clock.every(SWEEP_MS, () => void this.#sweep()),
    ]
  }

  /** A session's daemon is connected here. */
  see(name: string): void {
    const session = this.#world.sessionsByName.get(name)
    if (session === undefined) return
    const { apiVersion, kind, metadata } = session
    const lastSeen = new Date().toISOString().replace(/\.\d+/, '')
    this.#client
      .patch<Session>(
        { apiVersion, kind, namespace: metadata.namespace, name, subresource: 'status' },
        { status: { lastSeen, manager: this.#pod } },
      )
      .catch((error: Error) => this.#logger.debug({ session: name, error: error.message }, 'lastSeen not written'))
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel()
  }

  async #sweep(): Promise<void> {
    if (!this.leads) return
    const now = this.#clock.now()
    const sessions = this.#world.sessionsByName
    const here = new Set(this.#ends.daemons.map(({ session }) => session))
    for (const [name, session] of sessions) {
      const { uid = '' } = session.metadata
      const lastSeen = session.status?.lastSeen ?? ''
      const known = this.#seen.get(uid)
      if (known === undefined || known.lastSeen !== lastSeen || here.has(name))
        this.#seen.set(uid, { lastSeen, at: now })
      else if (now - known.at > UNSEEN_MS) await this.#remove(session, 'a session that nobody uses')
    }
    const uids = new Set([...sessions.values()].map(({ metadata }) => metadata.uid))
    for (const uid of this.#seen.keys()) if (!uids.has(uid)) this.#seen.delete(uid)
    await this.#sweepOrphans(sessions, now)
  }

  async #sweepOrphans(sessions: ReadonlyMap<string, Session>, now: number): Promise<void> {
    const orphans = [...this.#world.intercepts.cache.values()].filter(({ spec }) => !sessions.has(spec.session))
    const uids = new Set(orphans.map(({ metadata }) => metadata.uid ?? ''))
    for (const uid of this.#orphans.keys()) if (!uids.has(uid)) this.#orphans.delete(uid)
    for (const orphan of orphans) {
      const { uid = '' } = orphan.metadata
      const since = this.#orphans.get(uid) ?? now
      this.#orphans.set(uid, since)
      if (now - since >= ORPHAN_MS) await this.#remove(orphan, 'an attachment without its session')
    }
  }

  async #remove({ apiVersion, kind, metadata }: Session | Intercept, what: string): Promise<void> {
    const { namespace, name, uid } = metadata
    this.#logger.info({ kind, namespace, name }, `removing ${what}`)
    const path = { apiVersion, kind, namespace, name }
    await this.#client
      .delete(path, uid === undefined ? {} : { uid })
      .catch((error: Error) => this.#logger.warn({ kind, name, error: error.message }, 'not removed'))
  }
}
