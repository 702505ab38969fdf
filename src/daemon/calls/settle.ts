import type { Target } from '../../lib/daemon-api.ts'
import type { CallContext } from './context.ts'

/** A cluster that does not answer is not waited for. */
const SETTLE_MS = 3000

/** Resolves when all that is being left in a cluster is gone from it, so that whoever looks next sees it so. */
export async function settle({ clusters }: CallContext, { target }: { target: Target }): Promise<object> {
  const cluster = clusters.find(target)
  if (cluster === undefined) return {}
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = cluster.clock.after(SETTLE_MS, resolve)
  await Promise.race([Promise.all(cluster.ending), promise])
  timer.cancel()
  return {}
}
