/** Calls each controller after the changes that concern it. */
import type { Logger } from '../../lib/logger.ts'
import type { Store } from '../apiserver/store.ts'
import { reconcileDeployments } from './deployments.ts'
import { reconcileEndpointSlices } from './endpoint-slices.ts'
import { dropOldEvents, renewNodeConditions, renewNodeLease } from './expiry.ts'
import { collectGarbage } from './garbage.ts'
import { reconcileNamespaces } from './namespaces.ts'
import { reconcileReplicaSets } from './replica-sets.ts'
import { reconcileStatefulSets } from './stateful-sets.ts'

export interface ClusterFacts {
  node: string
  /** The authority's certificate, PEM. */
  authority: string
}

interface Controller {
  /** Kinds whose changes wake it; undefined: all. */
  of?: string[]
  reconcile(store: Store, facts?: ClusterFacts): void
}

/** They change all the time, and nobody's fate depends on what they say. */
const QUIET = new Set(['leases.coordination.k8s.io', 'nodes'])

const CONTROLLERS: Controller[] = [
  { reconcile: collectGarbage },
  { reconcile: (store, facts) => reconcileNamespaces(store, facts?.authority) },
  { of: ['deployments.apps', 'replicasets.apps', 'pods'], reconcile: reconcileDeployments },
  { of: ['replicasets.apps', 'pods'], reconcile: reconcileReplicaSets },
  { of: ['statefulsets.apps', 'pods'], reconcile: reconcileStatefulSets },
  { of: ['services', 'pods'], reconcile: reconcileEndpointSlices },
]

/** Renewals of the node, and what else follows time. */
const BEAT_MS = 10_000

/** @param facts undefined: no node lives, no pod knows the API server @returns ends them */
export function startControllers(store: Store, logger: Logger, facts?: ClusterFacts): { close(): void } {
  const stops: (() => void)[] = []
  for (const { of, reconcile } of CONTROLLERS) {
    let waiting = false
    const wake = (): void => {
      if (waiting) return
      waiting = true
      setImmediate(() => {
        waiting = false
        attempt(logger, () => reconcile(store, facts))
      })
    }
    stops.push(
      store.subscribe(({ resource, type }) => {
        if (of?.includes(resource) ?? !(type === 'MODIFIED' && QUIET.has(resource))) wake()
      }),
    )
    wake()
  }
  const beat = (): void =>
    attempt(logger, () => {
      if (facts !== undefined) {
        renewNodeLease(store, facts.node)
        renewNodeConditions(store, facts.node)
      }
      dropOldEvents(store)
    })
  beat()
  const timer = setInterval(beat, BEAT_MS)
  // It keeps nothing alive by itself.
  timer.unref()
  return {
    close() {
      clearInterval(timer)
      for (const stop of stops) stop()
    },
  }
}

function attempt(logger: Logger, work: () => void): void {
  try {
    work()
  } catch (error) {
    logger.error({ error, stack: (error as Error).stack }, 'a controller failed')
  }
}
