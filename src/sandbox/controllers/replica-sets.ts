/** ReplicaSets: as many pods as they say. */
import type { Store, Stored } from '../apiserver/store.ts'
import { controlledBy, endPod, isEnding, isReady, podOf } from './pods-of.ts'

export function reconcileReplicaSets(store: Store): void {
  for (const set of store.list('replicasets.apps')) if (!isEnding(set)) reconcile(store, set)
}

function reconcile(store: Store, set: Stored): void {
  const { namespace, name } = set.metadata
  const pods = controlledBy(store, 'pods', set).filter(
    (pod) => !isEnding(pod) && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded',
  )
  const wanted = set.spec.replicas as number
  for (let count = pods.length; count < wanted; count++) store.create('pods', podOf(set, { generateName: `${name}-` }))
  // Those that are not ready go first.
  const order = [...pods].sort((a, b) => Number(isReady(a)) - Number(isReady(b)))
  for (const pod of order.slice(0, Math.max(0, pods.length - wanted))) endPod(store, pod)
  const now = controlledBy(store, 'pods', set).filter((pod) => !isEnding(pod))
  const ready = now.filter(isReady).length
  store.edit('replicasets.apps', namespace, name, (object) => {
    object.status = {
      replicas: now.length,
      fullyLabeledReplicas: now.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: object.metadata.generation,
    }
  })
}
