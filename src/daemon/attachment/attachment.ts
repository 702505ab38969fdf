/** One intercept or wiretap of this laptop: its object in the cluster, the agents that follow it, the program behind it. */
import { randomBytes } from 'node:crypto'
import { fault } from '../../diagnose/catalogue.ts'
import { GROUP, type Intercept, type InterceptPort, VERSION } from '../../kube/resources.ts'
import { Watch } from '../../kube/watch.ts'
import type { AgentView } from '../../lib/daemon-api.ts'
import type { Fault } from '../../lib/fault.ts'
import { Waiters } from '../../lib/waiters.ts'
import type { Beside, BridgeCounts, CopyCounts, EarlierCount, FilterCounts, Seen } from '../../wire/messages/control.ts'
import type { Opening } from '../../wire/session/contract.ts'
import type { Served } from '../agent-links.ts'
import type { Cluster } from '../cluster.ts'
import type { JournalEntry } from '../journal.ts'
import { shortName, type Workload } from '../workload.ts'
import { type AppEnvironment, readAppEnvironment } from './app-environment.ts'
import { bridgedOf } from './bridged.ts'
import { Filtered } from './filtered.ts'
import { inTheWay } from './in-the-way.ts'
import { interceptObject, notKept, refusedAs } from './object.ts'
import type { Program } from './program.ts'
import { untilReady } from './readiness.ts'
import { revoked } from './refusals.ts'
import type { Taker } from './taker.ts'
import { TlsNews } from './tls-news.ts'

/** What is asked for, beside whose it is. */
export type AttachmentSpec = Omit<Intercept['spec'], 'workload' | 'session' | 'owner'>

export interface AttachmentOptions {
  cluster: Cluster
  workload: Workload
  spec: AttachmentSpec
  program: Program
  taker: Taker
  /** What it waits for, when that takes longer than it should. */
  onWaiting(text: string): void
  /** Why requests go to the app though all is well here. */
  onTrouble(text: string): void
  /** It is over without having been asked to end. */
  onLost(reason: Fault): void
}

const AFTERWARDS = {
  intercept: 'its requests go to the app',
  wiretap: 'nothing of it is copied any more',
  watch: 'nobody looks at its requests any more',
}

export class Attachment implements Served {
  readonly workload: Workload
  readonly spec: AttachmentSpec
  readonly name: string
  readonly since: string = new Date().toISOString()
  uid = ''
  /** Requests that its filter could not be asked. */
  readonly filtered: Filtered = new Filtered()
  readonly #options: AttachmentOptions
  readonly #waiters: Waiters
  #journal: JournalEntry | undefined
  #watch: Watch<Intercept> | undefined
  #intercept: Intercept | undefined
  /** Connections that go past agents, by pod. */
  readonly #earlier = new Map<string, EarlierCount>()
  readonly #tlsNews = new TlsNews()
  readonly #bridged = new Map<string, BridgeCounts>()
  #isReady = false
  #ending: Promise<void> | undefined

  constructor(options: AttachmentOptions) {
    this.#options = options
    this.workload = options.workload
    this.spec = options.spec
    this.name = `${options.workload.name.slice(0, 40)}-${randomBytes(4).toString('hex')}`
    this.#waiters = new Waiters(options.cluster.clock)
  }

  get namespace(): string {
    return this.workload.namespace
  }

  get ports(): InterceptPort[] {
    return this.spec.ports
  }

  /** Whether its program has a network of its own, where no port is taken by others. */
  get isPlaced(): boolean {
    return this.#options.program.isPlaced
  }

  get taker(): Taker {
    return this.#options.taker
  }

  /** Somebody asked for its end: whoever waits on it hears of it. */
  left(): void {
    this.#options.onLost(
      fault('RC-I-208', `${shortName(this.workload)} in ${this.namespace} was left; ${this.#afterwards}.`, []),
    )
  }

  /** What the agents do, as the manager and this laptop see it. */
  get agents(): AgentView[] {
    const { cluster, program } = this.#options
    // Asked once: the kernel takes milliseconds to answer.
    let asked: { silence: string | undefined } | undefined
    return (this.#intercept?.status?.agents ?? []).map(({ pod, podUid, state, routeNow = 'app', message }) => {
      const said = message === undefined ? {} : { message }
      // What was written last is not what is: nobody can tell from here.
      if (cluster.state !== 'connected')
        return { pod, state, routeNow: 'unknown', message: 'this laptop has no connection to the cluster' }
      if (!cluster.agents.isAttached(podUid, this.uid)) return { pod, state, routeNow, ...said }
      asked ??= { silence: program.silence }
      const { silence } = asked
      const { connections, ends } = this.#earlier.get(podUid) ?? { connections: 0, ends: false }
      const counts = this.#bridged.get(podUid)
      const bridged = counts === undefined ? [] : bridgedOf(counts)
      const seen = {
        pod,
        state,
        ...(connections > 0 && { earlier: { connections, ends, wished: this.spec.reopen === true } }),
        ...(bridged.length > 0 && { bridged }),
      }
      if (silence === undefined) return { ...seen, routeNow: 'laptop', ...said }
      return {
        ...seen,
        routeNow: this.spec.ifDown ?? 'app',
        message: said.message === undefined ? silence : `${silence}; ${said.message}`,
      }
    })
  }

  /** Creates the object and waits until every agent follows it. Rejects with a fault; then nothing is left. */
  async start(signal: AbortSignal): Promise<void> {
    const { cluster, workload, spec, onWaiting } = this.#options
    const { namespace, name } = this
    const { session, user } = cluster.joined()
    this.#journal = { ...cluster.where, kind: 'Intercept', namespace, name }
    cluster.journal.add(this.#journal)
    try {
      const { kind, name: of } = workload
      const asked = { ...spec, workload: { kind, name: of }, session, owner: user }
      signal.throwIfAborted()
      // Not given up half way: the API server could make it after it was asked to delete it.
      const created = await cluster.client
        .create<Intercept>(interceptObject(namespace, name, asked))
        .catch((error: unknown) => {
          throw refusedAs(asked, error)
        })
      signal.throwIfAborted()
      const less = notKept(asked, created.spec)
      if (less !== undefined) throw less
      this.uid = created.metadata.uid ?? ''
      this.#follow()
      await untilReady({
        subject: {
          mode: spec.mode,
          workload,
          priority: spec.priority,
          user,
          inTheWay: () => inTheWay(this, cluster.attachments),
        },
        clock: cluster.clock,
        waiters: this.#waiters,
        intercept: () => this.#intercept,
        isAttached: (podUid) => cluster.agents.isAttached(podUid, this.uid),
        onWaiting,
        signal,
      })
      this.#isReady = true
    } catch (error) {
      await this.end()
      throw error
    }
  }

  /** Gives the requests back and deletes the object; resolves when that is done, however often it is called. */
  end(): Promise<void> {
    if (this.#ending === undefined) {
      const { ending } = this.#options.cluster
      const over = this.#end().finally(() => ending.delete(over))
      this.#ending = over
      ending.add(over)
    }
    return this.#ending
  }

  async #end(): Promise<void> {
    const { cluster, taker } = this.#options
    await cluster.agents.withdraw(this.uid)
    taker.close()
    this.#waiters.changed()
    await this.#watch?.close()
    const { apiVersion, kind } = { apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept' }
    if (this.#journal === undefined) return
    try {
      await cluster.client.delete({ apiVersion, kind, namespace: this.namespace, name: this.name })
      cluster.journal.remove(this.#journal)
    } catch (error) {
      // The journal remembers it; and without its session the managers take it away themselves.
      cluster.logger.warn({ intercept: this.name, error: (error as Error).message }, 'intercept not deleted')
    }
  }

  onDeliver(opening: Opening, port: number): void {
    this.#options.taker.onDeliver(opening, port)
  }

  onCopies(opening: Opening): void {
    this.#options.taker.onCopies(opening)
  }

  onCounts(podUid: string, counts: CopyCounts): void {
    this.#options.taker.onCounts(podUid, counts)
  }

  onEarlier(podUid: string, count: EarlierCount): void {
    this.#earlier.set(podUid, count)
  }

  onBridged(podUid: string, counts: BridgeCounts): void {
    this.#bridged.set(podUid, counts)
  }

  onFiltered(podUid: string, counts: FilterCounts): void {
    this.filtered.hear(podUid, counts)
  }

  onSeen(podUid: string, news: Seen | Beside): void {
    this.#options.taker.onSeen(podUid, news)
  }

  onAttached(): void {
    this.#waiters.changed()
  }

  /** The app's environment and folder, from the first agent that tells. */
  async environment(): Promise<AppEnvironment | undefined> {
    const { cluster } = this.#options
    for (const { podUid } of this.#intercept?.status?.agents ?? []) {
      const session = cluster.agents.session(podUid)
      if (session === undefined) continue
      try {
        return await readAppEnvironment(session, this.uid)
      } catch (error) {
        cluster.logger.info({ error: (error as Error).message }, 'environment not read')
      }
    }
    return undefined
  }

  get #afterwards(): string {
    return AFTERWARDS[this.spec.mode]
  }

  #follow(): void {
    const { cluster } = this.#options
    this.#watch = new Watch<Intercept>({
      client: cluster.client,
      clock: cluster.clock,
      logger: cluster.logger,
      path: { apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', namespace: this.namespace },
      fieldSelector: `metadata.name=${this.name}`,
      onChange: (_key, _old, next) => this.#onIntercept(next),
    }).start()
  }

  #onIntercept(next: Intercept | undefined): void {
    if (this.#ending !== undefined) return
    const { cluster, onLost } = this.#options
    const { mode } = this.spec
    const what = shortName(this.workload)
    if (next === undefined || next.metadata.uid !== this.uid) {
      // Neither the program nor what else was typed is known here.
      const lost = fault('RC-I-208', `The ${mode} of ${what} was deleted in the cluster; ${this.#afterwards}.`, [
        'attach again by the same command',
      ])
      void this.end()
      onLost(lost)
      return
    }
    const why = this.#isReady ? revoked(next.status) : undefined
    if (why !== undefined) {
      const lost = fault('RC-I-217', `The ${mode} of ${what} has ended: ${why}; ${this.#afterwards}.`, [])
      void this.end()
      onLost(lost)
      return
    }
    const earlier = this.#intercept?.status?.agents ?? []
    this.#intercept = next
    const agents = next.status?.agents ?? []
    for (const line of this.#tlsNews.hear(agents)) this.#options.onTrouble(line)
    for (const { podUid } of earlier) {
      if (agents.some((agent) => agent.podUid === podUid)) continue
      this.#earlier.delete(podUid)
      this.#bridged.delete(podUid)
      void cluster.agents.withdraw(this.uid, podUid)
    }
    for (const { podUid, publicKey } of agents)
      if (publicKey !== undefined) cluster.agents.serve(podUid, publicKey, this)
    this.#waiters.changed()
  }
}
