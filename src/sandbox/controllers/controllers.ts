/** Calls each controller after the changes that concern it. */
import type { Logger } from '../../lib/logger.ts'
import type { Store } from '../apiserver/store.ts'
import { reconcileDeployments } from './deployments.ts'
import { reconcileEndpointSlices } from './endpoint-slices.ts'
import { collectGarbage } from './garbage.ts'
import { reconcileNamespaces } from './namespaces.ts'
import { reconcileReplicaSets } from './replica-sets.ts'
import { reconcileStatefulSets } from './stateful-sets.ts'

interface Controller {
  /** Kinds whose changes wake it; undefined: all. */
  of?: string[]
  reconcile(store: Store): void
}

const CONTROLLERS: Controller[] = [
  { reconcile: collectGarbage },
  { reconcile: reconcileNamespaces },
  { of: ['deployments.apps', 'replicasets.apps'], reconcile: reconcileDeployments },
  { of: ['replicasets.apps', 'pods'], reconcile: reconcileReplicaSets },
  { of: ['statefulsets.apps', 'pods'], reconcile: reconcileStatefulSets },
  { of: ['services', 'pods'], reconcile: reconcileEndpointSlices },
]

export function startControllers(store: Store, logger: Logger): void {
  for (const { of, reconcile } of CONTROLLERS) {
    let waiting = false
    const wake = (): void => {
      if (waiting) return
      waiting = true
      setImmediate(() => {
        waiting = false
        try {
          reconcile(store)
        } catch (error) {
          logger.error({ error, stack: (error as Error).stack }, 'a controller failed')
        }
      })
    }
    store.subscribe(({ resource }) => {
      if (of === undefined || of.includes(resource)) wake()
    })
    wake()
  }
}
