import { fault } from '../../diagnose/catalogue.ts'
import type { RunPlace, Target } from '../../lib/daemon-api.ts'
import type { Fault } from '../../lib/fault.ts'
import type { CallContext, Holding } from './context.ts'
import { join } from './join.ts'
import { knowNamespace } from './know-namespace.ts'
import { startPlace } from './start-place.ts'

export async function run(
  context: CallContext,
  { target, namespace }: { target: Target; namespace: string },
  signal: AbortSignal,
): Promise<Holding<RunPlace>> {
  const { cluster } = await join(context.clusters, target, signal)
  await knowNamespace(cluster, namespace || cluster.namespace)
  const lost = Promise.withResolvers<Fault>()
  cluster.stopped.addEventListener('abort', () =>
    lost.resolve(fault('RC-C-122', `The connection to ${cluster.contextName} has ended.`, ['remocal connect'])),
  )
  const place = await startPlace(context, cluster, namespace || cluster.namespace, signal, lost.resolve)
  return { result: place.describe({}), lost: lost.promise, end: async () => place.close() }
}
