import type { ConnectResult, Target } from '../../lib/daemon-api.ts'
import type { Cluster } from '../cluster.ts'
import type { Clusters } from '../clusters.ts'

export interface JoinedCluster {
  cluster: Cluster
  result: ConnectResult
}

/** The cluster of a target, connected. One that cannot be is forgotten; so is one that has become another behind the same name. */
export async function join(clusters: Clusters, target: Target, signal: AbortSignal): Promise<JoinedCluster> {
  const known = clusters.find(target)
  if (known !== undefined && (await known.isOutdated(target))) clusters.drop(known)
  const cluster = clusters.of(target)
  try {
    return { cluster, result: await cluster.connect(signal) }
  } catch (error) {
    // It would be looked for on and on, though the caller was told that there is nothing.
    if (!cluster.isWanted || cluster.isGivenUp) clusters.drop(cluster)
    throw error
  }
}
