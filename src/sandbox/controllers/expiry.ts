/** What goes or is renewed with time: old events, pods' finished names, the node's heartbeat. */
import { type Store, timeNow } from '../apiserver/store.ts'

const EVENT_MS = 3_600_000
const LEASES = 'leases.coordination.k8s.io'
const NODE_LEASES = 'kube-node-lease'

/** Events live for an hour, as in any cluster. */
export function dropOldEvents(store: Store, nowMs: number = Date.now()): void {
  for (const { metadata } of store.list('events')) {
    const madeMs = Date.parse(metadata.creationTimestamp ?? '')
    if (nowMs - madeMs > EVENT_MS) store.delete('events', metadata.namespace, metadata.name)
  }
}

/** The node says that it lives: its Lease. */
export function renewNodeLease(store: Store, node: string): void {
  const renewTime = new Date().toISOString().replace('Z', '000Z')
  const renewed = store.edit(LEASES, NODE_LEASES, node, (lease) => {
    lease.spec.renewTime = renewTime
  })
  if (renewed !== undefined) return
  const owner = store.find('nodes', undefined, node)
  if (owner === undefined || store.find('namespaces', undefined, NODE_LEASES) === undefined) return
  const reference = { apiVersion: 'v1', kind: 'Node', name: node, uid: owner.metadata.uid ?? '' }
  store.create(LEASES, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: node, namespace: NODE_LEASES, ownerReferences: [reference] },
    spec: { holderIdentity: node, leaseDurationSeconds: 40, renewTime },
  })
}

/** As the kubelet does beside its Lease. */
export function renewNodeConditions(store: Store, node: string): void {
  store.edit('nodes', undefined, node, (object) => {
    for (const condition of object.status.conditions) condition.lastHeartbeatTime = timeNow()
  })
}
