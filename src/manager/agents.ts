/** Puts agents into pods, as the leader. */
import { isNotFound } from '../kube/api-fault.ts'
import type { KubeClient } from '../kube/client.ts'
import { INSTALLATION } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Events } from './events.ts'
import type { Pod } from './kinds.ts'
import { agentContainer, agentState } from './reconcile/agent-container.ts'
import type { Settings } from './settings.ts'

/** After a refusal (quota, policy) the same pod is tried again. */
const REFUSED_MS = 10_000

export interface AgentsOptions {
  client: Pick<KubeClient, 'patch'>
  settings: Pick<Settings, 'image' | 'installationKey' | 'namespace' | 'podIp'>
  /** `host:port` of all managers. */
  managers(): string[]
  events: Pick<Events, 'say'>
  clock: Clock
  logger: Logger
  /** Something may be done now that could not be done before. */
  onChange(): void
}

export class Agents {
  /** By pod uid: why no agent could be added. */
  readonly refused: Map<string, string> = new Map()
  readonly #options: AgentsOptions
  /** By pod uid: the container that is being added, or was added and is not in the cache yet. */
  readonly #added = new Map<string, string>()
  readonly #timers = new Set<Timer>()

  constructor(options: AgentsOptions) {
    this.#options = options
  }

  /**
   * Adds an agent unless the pod has one.
   * @returns milliseconds after which it is worth asking again, if any
   */
  ensure(pod: Pod, target: string): number | undefined {
    const podUid = pod.metadata.uid ?? ''
    const added = this.#added.get(podUid)
    if (added !== undefined && pod.spec.ephemeralContainers?.some(({ name }) => name === added)) {
      this.#added.delete(podUid)
    } else if (added !== undefined) return undefined
    if (this.refused.has(podUid)) return undefined
    const { settings } = this.#options
    const state = agentState(pod, settings.installationKey, Date.now())
    if (state.kind === 'resting') return state.waitMs
    if (state.kind === 'absent') void this.#add(pod, target)
    return undefined
  }

  /** Only these pods are of interest: what is known of others is forgotten. */
  forgetAllBut(podUids: ReadonlySet<string>): void {
    for (const podUid of this.#added.keys()) if (!podUids.has(podUid)) this.#added.delete(podUid)
  }

  /** Forgets what was refused, and stops waiting. */
  clear(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    this.refused.clear()
    this.#added.clear()
  }

  async #add(pod: Pod, target: string): Promise<void> {
    const { client, settings, managers, events, logger, onChange } = this.#options
    const { namespace, name, uid = '' } = pod.metadata
    const ready = managers()
    const container = agentContainer(pod, target, {
      image: settings.image,
      installationKey: settings.installationKey,
      managers: ready.length > 0 ? ready : [`${settings.podIp}:${INSTALLATION.port}`],
      managersName: `${INSTALLATION.carriers}.${settings.namespace}.svc:${INSTALLATION.port}`,
    })
    this.#added.set(uid, container.name)
    const path = { apiVersion: 'v1', kind: 'Pod', namespace, name, subresource: 'ephemeralcontainers' }
    try {
      await client.patch<Pod>(path, { spec: { ephemeralContainers: [container] } }, { type: 'strategic' })
      logger.info({ namespace, pod: name, container: container.name }, 'agent added')
      events.say(pod, 'Normal', 'AgentAttached', `Remocal added the agent ${container.name}`)
    } catch (error) {
      this.#added.delete(uid)
      // The pod went meanwhile: the watch will say so.
      if (isNotFound(error)) return
      this.#refuse(pod, (error as Error).message)
      onChange()
    }
  }

  #refuse(pod: Pod, why: string): void {
    const { clock, events, logger, onChange } = this.#options
    const { uid = '', name } = pod.metadata
    this.refused.set(uid, why)
    logger.warn({ pod: name, error: why }, 'agent not added')
    events.say(pod, 'Warning', 'AgentRefused', why)
    const timer = clock.after(REFUSED_MS, () => {
      this.#timers.delete(timer)
      this.refused.delete(uid)
      onChange()
    })
    this.#timers.add(timer)
  }
}
