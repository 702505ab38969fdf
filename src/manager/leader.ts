/** What the leading replica does: brings agents, configs and status to what the pure functions of `reconcile/` say. */
import { isNotFound } from '../kube/api-fault.ts'
import type { KubeClient } from '../kube/client.ts'
import { INSTALLATION, type Intercept } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import { compileFilter } from '../lib/filter/compile.ts'
import type { Logger } from '../lib/logger.ts'
import type { AgentEnd, DialerEnd, Ends } from './carriers/ends.ts'
import type { Events } from './events.ts'
import type { Pod } from './kinds.ts'
import type { ClusterNetworks } from './networks.ts'
import { type ConfigContent, podConfig } from './reconcile/agent-config.ts'
import { agentContainer, agentState, targetContainer } from './reconcile/agent-container.ts'
import { type Decision, decideAll } from './reconcile/decide.ts'
import { type InterceptStatus, statusOf } from './reconcile/status.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

/** After a refusal (quota, policy) the same pod is tried again. */
const REFUSED_MS = 10_000

export interface LeaderOptions {
  client: KubeClient
  settings: Settings
  world: World
  ends: Ends
  networks: ClusterNetworks
  events: Events
  clock: Clock
  logger: Logger
}

interface Sent {
  generation: number
  content: string
  /** The connection that it was sent on. */
  end: AgentEnd | DialerEnd
}

export class Leader {
  readonly #options: LeaderOptions
  #epoch: number | undefined
  #running = false
  #again = false
  #timer: Timer | undefined
  /** By pod uid: what its agent or dialer was sent last in this term. */
  readonly #sent = new Map<string, Sent>()
  /** By pod uid: why no agent could be added. */
  readonly #refused = new Map<string, string>()
  /** Pods that an agent is being added to. */
  readonly #adding = new Set<string>()
  readonly #filterProblems = new Map<string, string | undefined>()

  constructor(options: LeaderOptions) {
    this.#options = options
  }

  /** A term begins, or ends (undefined). */
  lead(epoch: number | undefined): void {
    this.#epoch = epoch
    this.#sent.clear()
    this.#refused.clear()
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
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    try {
      await this.#reconcile()
    } catch (error) {
      this.#options.logger.error({ error }, 'reconciliation failed')
      this.#later(1000)
    }
    this.#running = false
    if (!this.#again) return
    this.#again = false
    this.wake()
  }

  async #reconcile(): Promise<void> {
    const { world } = this.#options
    const intercepts = [...world.intercepts.cache.values()]
    await this.#checkFilters(intercepts)
    const decisions = decideAll({
      intercepts,
      view: (namespace) => world.view(namespace),
      filterProblem: (cel) => this.#filterProblems.get(cel),
    })
    world.forgetUnused()
    if (this.#epoch === undefined) return
    for (const { pod, target } of podsOf(decisions)) this.#ensureAgent(pod, target)
    this.#sendConfigs(decisions)
    await Promise.all(decisions.map((decision) => this.#writeStatus(decision)))
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

  #ensureAgent(pod: Pod, target: string): void {
    const podUid = pod.metadata.uid ?? ''
    if (this.#adding.has(podUid) || this.#refused.has(podUid)) return
    const state = agentState(pod, this.#options.settings.installationKey, Date.now())
    if (state.kind === 'resting') this.#later(state.waitMs)
    if (state.kind !== 'absent') return
    this.#adding.add(podUid)
    void this.#addAgent(pod, target)
      .catch((error: Error) => {
        this.#refused.set(podUid, error.message)
        this.#options.logger.warn({ pod: pod.metadata.name, error: error.message }, 'agent not added')
        this.#options.events.say(pod, 'Warning', 'AgentRefused', error.message)
        this.#options.clock.after(REFUSED_MS, () => {
          this.#refused.delete(podUid)
          this.wake()
        })
      })
      .finally(() => {
        this.#adding.delete(podUid)
        this.wake()
      })
  }

  async #addAgent(pod: Pod, target: string): Promise<void> {
    const { client, settings, world, events, logger } = this.#options
    const { namespace, name } = pod.metadata
    const container = agentContainer(pod, target, {
      image: settings.image,
      installationKey: settings.installationKey,
      managers: world.managers.length > 0 ? world.managers : [`${settings.podIp}:${INSTALLATION.port}`],
      managersName: `${INSTALLATION.carriers}.${settings.namespace}.svc:${INSTALLATION.port}`,
    })
    const path = { apiVersion: 'v1', kind: 'Pod', namespace, name, subresource: 'ephemeralcontainers' }
    try {
      await client.patch<Pod>(path, { spec: { ephemeralContainers: [container] } }, { type: 'strategic' })
    } catch (error) {
      // The pod went meanwhile: the watch will say so.
      if (isNotFound(error)) return
      throw error
    }
    logger.info({ namespace, pod: name, container: container.name }, 'agent added')
    events.say(pod, 'Normal', 'AgentAttached', `Remocal added the agent ${container.name}`)
    // The watch shows the container in a moment; until then another one must not be added.
    const cached = (): Pod | undefined => world.view(namespace ?? '') && findPod(world, namespace ?? '', pod)
    const endsAt = this.#options.clock.now() + 2000
    while (this.#options.clock.now() < endsAt) {
      const now = cached()
      if (now === undefined || now.spec.ephemeralContainers?.some((one) => one.name === container.name)) return
      await new Promise<void>((resolve) => this.#options.clock.after(20, resolve))
    }
  }

  #sendConfigs(decisions: Decision[]): void {
    const { world, ends, networks } = this.#options
    const sessions = world.sessionsByName
    const managers = world.managers
    const pods = new Map(decisions.flatMap(({ pods }) => pods.map((pod) => [pod.metadata.uid ?? '', pod])))
    for (const agent of ends.agents) {
      if (ends.agent(agent.podUid) !== agent) continue
      const pod = pods.get(agent.podUid)
      const nothing = { routes: [], peers: {}, probes: [], managers, cidrs: [], denied: [] }
      this.#send(agent, pod === undefined ? nothing : podConfig(pod, decisions, sessions, managers))
    }
    const peers = Object.fromEntries([...sessions].map(([name, { spec }]) => [name, spec.publicKey]))
    const denied = [...networks.denied, ...world.ownAddresses]
    for (const dialer of ends.dialers) {
      if (ends.dialer(dialer.podUid) !== dialer) continue
      this.#send(dialer, { routes: [], peers, probes: [], managers, cidrs: networks.cidrs, denied })
    }
  }

  #send(end: AgentEnd | DialerEnd, content: ConfigContent): void {
    const epoch = this.#epoch
    if (epoch === undefined || end.control === undefined) return
    const text = JSON.stringify(content)
    const last = this.#sent.get(end.podUid)
    if (last?.content === text && last.end === end) return
    const generation = last === undefined ? 1 : last.content === text ? last.generation : last.generation + 1
    this.#sent.set(end.podUid, { generation, content: text, end })
    end.control.send({ kind: 'config', epoch, generation, ...content })
  }

  async #writeStatus(decision: Decision): Promise<void> {
    const { client, ends, events, logger } = this.#options
    const { intercept } = decision
    const status = statusOf(
      decision,
      (podUid) => {
        const end = ends.agent(podUid)
        if (end === undefined) return undefined
        const report = end.report?.epoch === this.#epoch ? end.report : undefined
        const sent = this.#sent.get(podUid)?.generation ?? 0
        return { publicKey: end.publicKey, container: end.container, sent, report }
      },
      this.#refused,
      this.#options.settings.installationKey,
      new Date(),
    )
    if (sameStatus(intercept.status, status)) return
    const { apiVersion, kind, metadata } = intercept
    const path = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name, subresource: 'status' }
    try {
      await client.patch<Intercept>(path, { status })
    } catch (error) {
      if (!isNotFound(error)) {
        logger.warn({ intercept: metadata.name, error: (error as Error).message }, 'status not written')
        this.#later(1000)
      }
      return
    }
    const is = (one: InterceptStatus | undefined, type: string): string | undefined =>
      one?.conditions?.find((condition) => condition.type === type)?.status
    if (is(status, 'Ready') === 'True' && is(intercept.status, 'Ready') !== 'True') {
      events.say(
        intercept,
        'Normal',
        'InterceptStarted',
        `${intercept.spec.owner} takes ${intercept.spec.filter || 'every request'}`,
      )
    }
    if (decision.reason === 'Conflict' && is(intercept.status, 'Accepted') !== 'False') {
      events.say(intercept, 'Warning', 'InterceptConflict', decision.message)
    }
  }

  #later(ms: number): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(ms, () => this.wake())
  }
}

function findPod(world: World, namespace: string, { metadata }: Pod): Pod | undefined {
  for (const pod of world.view(namespace)?.pods ?? []) if (pod.metadata.uid === metadata.uid) return pod
  return undefined
}

/** Each pod that an accepted attachment covers, with the container whose app it is. */
function podsOf(decisions: Decision[]): { pod: Pod; target: string }[] {
  const pods = new Map<string, { pod: Pod; target: string }>()
  for (const { intercept, pods: covered } of decisions) {
    const { container, ports } = intercept.spec
    for (const pod of covered) {
      const uid = pod.metadata.uid ?? ''
      if (!pods.has(uid)) pods.set(uid, { pod, target: targetContainer(pod, container, ports[0]?.port ?? 0) })
    }
  }
  return [...pods.values()]
}

/** Whether two say the same; a merge patch of lists replaces them, so order counts. */
function sameStatus(old: InterceptStatus | undefined, next: InterceptStatus): boolean {
  const plain = (value: unknown): string =>
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === 'object' && one !== null && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort())
        : one,
    )
  return old !== undefined && plain(old) === plain(next)
}
