/** All clusters that this daemon knows, one for each kubeconfig and context. */
import type { Target } from '../lib/daemon-api.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'

export type ClustersOptions = Omit<ClusterOptions, 'target'>

export class Clusters {
  readonly #options: ClustersOptions
  readonly #clusters = new Map<string, Cluster>()

  constructor(options: ClustersOptions) {
    this.#options = options
  }

  [Symbol.iterator](): Iterator<Cluster> {
    return this.#clusters.values()
  }

  get isEmpty(): boolean {
    return this.#clusters.size === 0
  }

  get attachments(): number {
    let count = 0
    for (const { attachments } of this.#clusters.values()) count += attachments.size
    return count
  }

  /** The cluster of a call; the kubeconfig is read again for one that is not connected. Throws its faults. */
  of(target: Target): Cluster {
    const key = this.#keyOf(target)
    const known = this.#clusters.get(key)
    if (known !== undefined) return known
    return this.#make(key, target)
  }

  /** As `of`, if it is known. */
  find(target: Target): Cluster | undefined {
    return this.#clusters.get(this.#keyOf(target))
  }

  /** Whether something in that cluster, of this daemon or one before it, has not been deleted. */
  hasLeft({ kubeconfig, context = '' }: Pick<Target, 'kubeconfig' | 'context'>): boolean {
    return this.#options.journal.entries.some((one) => one.kubeconfig === kubeconfig && one.context === context)
  }

  /** It cannot be connected: the next call reads its kubeconfig anew. Its attachments are over. */
  drop(cluster: Cluster): void {
    for (const [key, one] of this.#clusters) {
      if (one !== cluster) continue
      this.#clusters.delete(key)
      for (const attachment of cluster.attachments) attachment.left()
      void cluster.close()
    }
  }

  /** Leaves the clusters of a kubeconfig (and a context, if one is named): they are gone, or somebody wants no part of them. */
  disconnect({ kubeconfig, context }: Pick<Target, 'kubeconfig' | 'context'>): void {
    for (const cluster of [...this.#clusters.values()]) {
      const { where } = cluster
      if (where.kubeconfig === kubeconfig && (context === undefined || where.context === context)) this.drop(cluster)
    }
  }

  /** @returns how many attachments were ended */
  async closeAll(): Promise<number> {
    const all = [...this.#clusters.values()]
    this.#clusters.clear()
    const counts = await Promise.all(all.map((cluster) => cluster.close()))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  #make(key: string, target: Target): Cluster {
    const cluster = new Cluster({ target, ...this.#options })
    this.#clusters.set(key, cluster)
    return cluster
  }

  #keyOf({ kubeconfig, context }: Target): string {
    return JSON.stringify([kubeconfig, context ?? ''])
  }
}
