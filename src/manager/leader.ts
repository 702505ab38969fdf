/** What the leading replica does: brings agents, configs and status to what the pure functions of `reconcile/` say. */
import type { KubeClient } from '../kube/client.ts'
import type { Intercept } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import { compileFilter } from '../lib/filter/compile.ts'
import type { Logger } from '../lib/logger.ts'
import { Agents } from './agents.ts'
import type { Ends } from './carriers/ends.ts'
import { Configs } from './configs.ts'
import type { Events } from './events.ts'
import type { Pod } from './kinds.ts'
import type { ClusterNetworks } from './networks.ts'
import { targetContainer } from './reconcile/agent-container.ts'
import { type Decision, decideAll } from './reconcile/decide.ts'
import { type ConnectedAgent, statusOf } from './reconcile/status.ts'
import type { Rights } from './rights.ts'
import type { Settings } from './settings.ts'
import { StatusWriter } from './status-writer.ts'
import type { World } from './world.ts'

/** After a reconciliation that failed. */
const AGAIN_MS = 1000

export interface LeaderOptions {
  client: Pick<KubeClient, 'patch'>
  settings: Pick<Settings, 'image' | 'installationKey' | 'namespace' | 'podIp'>
  world: Pick<World, 'intercepts' | 'sessionsByName' | 'managers' | 'ownAddresses' | 'view' | 'forgetUnused'>
  ends: Ends
  networks: Pick<ClusterNetworks, 'known' | 'cidrs' | 'denied'>
  rights: Pick<Rights, 'held' | 'lacking'>
  events: Pick<Events, 'say'>
  clock: Clock
  logger: Logger
}

export class Leader {
  readonly #options: LeaderOptions
  readonly #agents: Agents
  readonly #configs: Configs
  readonly #status: StatusWriter
  readonly #filterProblems = new Map<string, string | undefined>()
  #epoch: number | undefined
  #running = false
  #again = false
  #timer: { timer: Timer; at: number } | undefined

  constructor(options: LeaderOptions) {
    this.#options = options
    const { ends, world } = options
    this.#agents = new Agents({ ...options, managers: () => world.managers, onChange: () => this.wake() })
    this.#configs = new Configs(ends)
    this.#status = new StatusWriter({ ...options, onDone: () => this.wake() })
  }

  /** A term begins, or ends (undefined). */
  lead(epoch: number | undefined): void {
    this.#epoch = epoch
    this.#configs.clear()
    this.#agents.clear()
    this.#status.clear()
    this.wake()
  }

  /** Something changed: reconciles soon, once for many changes. */
  wake(): void {
    if (this.#epoch === undefined) return
    if (this.#running) {
      this.#again = true
      return
    }
    this.#running = true
    setImmediate(() => void this.#run())
  }

  close(): void {
    this.#epoch = undefined
    this.#timer?.timer.cancel()
    this.#agents.clear()
    this.#status.close()
  }

  async #run(): Promise<void> {
    try {
      await this.#reconcile()
    } catch (error) {
      this.#options.logger.error({ error }, 'reconciliation failed')
      this.#later(AGAIN_MS)
    }
    this.#running = false
    if (!this.#again) return
    this.#again = false
    this.wake()
  }

  async #reconcile(): Promise<void> {
    const { world, networks, rights, settings } = this.#options
    const intercepts = [...world.intercepts.cache.values()].map((one) => rights.held(one))
    await this.#checkFilters(intercepts)
    const epoch = this.#epoch
    if (epoch === undefined) return
    const undecided = new Set<string>()
    const decisions = decideAll({
      intercepts,
      view: (namespace) => {
        const view = world.view(namespace)
        if (view === undefined) undecided.add(namespace)
        return view
      },
      filterProblem: (cel) => this.#filterProblems.get(cel),
      lacking: (intercept) => rights.lacking(intercept),
    })
    world.forgetUnused()
    this.#ensureAgents(decisions)
    this.#configs.send({
      epoch,
      decisions,
      undecided,
      sessions: world.sessionsByName,
      networks: networks.known
        ? { cidrs: networks.cidrs, denied: [...networks.denied, ...world.ownAddresses] }
        : undefined,
    })
    const connected = (podUid: string): ConnectedAgent | undefined => this.#connected(podUid)
    const now = new Date()
    for (const decision of decisions) {
      const status = statusOf(decision, connected, this.#agents.refused, settings.installationKey, now)
      this.#status.write(decision.intercept, status)
    }
    this.#status.forgetAllBut(new Set(intercepts.map(({ metadata }) => metadata.uid ?? '')))
  }

  async #checkFilters(intercepts: Intercept[]): Promise<void> {
    const filters = new Set(intercepts.map(({ spec }) => spec.filter))
    for (const known of this.#filterProblems.keys()) if (!filters.has(known)) this.#filterProblems.delete(known)
    for (const filter of filters) {
      if (this.#filterProblems.has(filter)) continue
      const problem = await compileFilter(filter).then(
        () => undefined,
        (error: Error) => error.message,
      )
      this.#filterProblems.set(filter, problem)
    }
  }

  #ensureAgents(decisions: Decision[]): void {
    const pods = podsOf(decisions)
    this.#agents.forgetAllBut(new Set(pods.keys()))
    for (const { pod, target } of pods.values()) {
      const waitMs = this.#agents.ensure(pod, target)
      if (waitMs !== undefined) this.#later(waitMs)
    }
  }

  #connected(podUid: string): ConnectedAgent | undefined {
    const end = this.#options.ends.agent(podUid)
    if (end === undefined) return undefined
    const report = end.report?.epoch === this.#epoch ? end.report : undefined
    const { publicKey, container, features } = end
    return { publicKey, container, features, sent: this.#configs.sentTo(podUid), report }
  }

  /** Wakes in `ms`, or earlier when that was asked for before. */
  #later(ms: number): void {
    const { clock } = this.#options
    const at = clock.now() + ms
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.timer.cancel()
    const timer = clock.after(ms, () => {
      this.#timer = undefined
      this.wake()
    })
    this.#timer = { timer, at }
  }
}

/** By uid, each pod that an accepted attachment covers, with the container whose app it is. */
function podsOf(decisions: Decision[]): Map<string, { pod: Pod; target: string }> {
  const pods = new Map<string, { pod: Pod; target: string }>()
  for (const { intercept, pods: covered } of decisions) {
    const { container, ports } = intercept.spec
    for (const pod of covered) {
      const uid = pod.metadata.uid ?? ''
      if (!pods.has(uid)) pods.set(uid, { pod, target: targetContainer(pod, container, ports[0]?.port ?? 0) })
    }
  }
  return pods
}
