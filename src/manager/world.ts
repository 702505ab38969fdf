/** What managers watch: sessions, intercepts, their own pods; and of each namespace with an intercept its workloads. */
import type { KubeClient } from '../kube/client.ts'
import { GROUP, INSTALLATION, type Intercept, type KubeObject, type Session, VERSION } from '../kube/resources.ts'
import { Watch } from '../kube/watch.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Pod, Service, Workload } from './kinds.ts'
import type { NamespaceView } from './reconcile/workload.ts'

const OURS = `${GROUP}/${VERSION}`
const WORKLOAD_KINDS = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet']
const APP = 'app.kubernetes.io/name'

export interface WorldOptions {
  client: KubeClient
  namespace: string
  clock: Clock
  logger: Logger
  onChange(): void
}

interface NamespaceWatches {
  pods: Watch<Pod>
  services: Watch<Service>
  workloads: Watch<Workload>[]
  synced: boolean
}

export class World {
  readonly intercepts: Watch<Intercept>
  readonly sessions: Watch<Session>
  /** Managers and dialers. */
  readonly ownPods: Watch<Pod>
  /** The one through which managers are reached from outside, where there is one. */
  readonly outside: Watch<Service>
  readonly #options: WorldOptions
  readonly #namespaces = new Map<string, NamespaceWatches>()

  constructor(options: WorldOptions) {
    this.#options = options
    const { namespace } = options
    this.intercepts = this.#watch({ apiVersion: OURS, kind: 'Intercept' })
    this.sessions = this.#watch({ apiVersion: OURS, kind: 'Session', namespace })
    this.ownPods = this.#watch({ apiVersion: 'v1', kind: 'Pod', namespace })
    this.outside = this.#watch(
      { apiVersion: 'v1', kind: 'Service', namespace },
      `metadata.name=${INSTALLATION.outside}`,
    )
  }

  async synced(): Promise<void> {
    const { intercepts, sessions, ownPods, outside } = this
    await Promise.all([intercepts, sessions, ownPods, outside].map(({ synced }) => synced))
  }

  /** Sessions by name. */
  get sessionsByName(): Map<string, Session> {
    return new Map([...this.sessions.cache.values()].map((session) => [session.metadata.name, session]))
  }

  /** `host:port` of all managers: one that is not ready yet may be the one that leads in a moment. */
  get managers(): string[] {
    return [...this.ownPods.cache.values()]
      .filter((pod) => pod.metadata.labels?.[APP] === INSTALLATION.manager && hasAddress(pod))
      .map(({ status }) => `${status?.podIP}:${INSTALLATION.port}`)
      .sort()
  }

  /** Addresses of the installation's own pods. */
  get ownAddresses(): string[] {
    return [...this.ownPods.cache.values()].flatMap(({ status }) => status?.podIP ?? [])
  }

  /** A namespace's workloads; undefined until they are known, which is then told by `onChange`. */
  view(namespace: string): NamespaceView | undefined {
    const watches = this.#namespaces.get(namespace) ?? this.#open(namespace)
    if (!watches.synced) return undefined
    const { pods, services, workloads } = watches
    return {
      pods: pods.cache.values(),
      services: services.cache.values(),
      workloads: workloads.flatMap(({ cache }) => [...cache.values()]),
    }
  }

  /** Closes the watches of namespaces that have no intercept any more. */
  forgetUnused(): void {
    const used = new Set([...this.intercepts.cache.values()].map(({ metadata }) => metadata.namespace))
    for (const [namespace, { pods, services, workloads }] of this.#namespaces) {
      if (used.has(namespace)) continue
      this.#namespaces.delete(namespace)
      for (const watch of [pods, services, ...workloads]) void watch.close()
    }
  }

  async close(): Promise<void> {
    const inner = [...this.#namespaces.values()].flatMap(({ pods, services, workloads }) => [
      pods,
      services,
      ...workloads,
    ])
    const own = [this.intercepts, this.sessions, this.ownPods, this.outside]
    await Promise.all([...own, ...inner].map((watch) => watch.close()))
  }

  #open(namespace: string): NamespaceWatches {
    const watches: NamespaceWatches = {
      pods: this.#watch({ apiVersion: 'v1', kind: 'Pod', namespace }),
      services: this.#watch({ apiVersion: 'v1', kind: 'Service', namespace }),
      workloads: WORKLOAD_KINDS.map((kind) => this.#watch<Workload>({ apiVersion: 'apps/v1', kind, namespace })),
      synced: false,
    }
    this.#namespaces.set(namespace, watches)
    const all = [watches.pods, watches.services, ...watches.workloads].map((watch) => watch.synced)
    Promise.all(all).then(
      () => {
        watches.synced = true
        this.#options.onChange()
      },
      () => {},
    )
    return watches
  }

  #watch<T extends KubeObject>(
    path: { apiVersion: string; kind: string; namespace?: string },
    fieldSelector?: string,
  ): Watch<T> {
    const { client, clock, logger, onChange } = this.#options
    const which = fieldSelector === undefined ? {} : { fieldSelector }
    return new Watch<T>({ client, path, ...which, clock, logger, onChange: () => onChange() }).start()
  }
}

function hasAddress({ status, metadata }: Pod): boolean {
  return status?.phase === 'Running' && metadata.deletionTimestamp === undefined && status.podIP !== undefined
}
