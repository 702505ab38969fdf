/** Deployments: a ReplicaSet for each template, the old ones shrinking as the new one becomes ready. */
import { createHash } from 'node:crypto'
import { type Store, type Stored, timeNow } from '../apiserver/store.ts'
import { controlledBy, isEnding, ownerOf } from './pods-of.ts'

const HASH_LABEL = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'

export function reconcileDeployments(store: Store): void {
  for (const deployment of store.list('deployments.apps')) if (!isEnding(deployment)) reconcile(store, deployment)
}

function reconcile(store: Store, deployment: Stored): void {
  const { namespace, name } = deployment.metadata
  const hash = createHash('sha256').update(JSON.stringify(deployment.spec.template)).digest('hex').slice(0, 10)
  const sets = controlledBy(store, 'replicasets.apps', deployment)
  const wanted = deployment.spec.replicas as number
  const current =
    sets.find(({ metadata }) => metadata.labels?.[HASH_LABEL] === hash) ??
    make(store, deployment, hash, sets.length + 1)
  scale(store, current, wanted)
  const ready = (current.status?.readyReplicas ?? 0) as number
  let old = Math.max(0, wanted - ready)
  for (const set of sets) {
    if (set.metadata.uid === current.metadata.uid) continue
    const keep = Math.min(set.spec.replicas as number, old)
    old -= keep
    scale(store, set, keep)
  }
  const all = controlledBy(store, 'replicasets.apps', deployment)
  const sum = (field: string): number =>
    all.reduce((total, { status }) => total + ((status?.[field] ?? 0) as number), 0)
  const available = sum('readyReplicas')
  const updated = (current.status?.replicas ?? 0) as number
  const done = updated === wanted && available === wanted && sum('replicas') === wanted
  store.edit('deployments.apps', namespace, name, (object) => {
    const before = object.status?.conditions ?? []
    object.status = {
      observedGeneration: object.metadata.generation,
      replicas: sum('replicas'),
      updatedReplicas: updated,
      readyReplicas: available,
      availableReplicas: available,
      unavailableReplicas: Math.max(0, wanted - available),
      conditions: [
        condition(
          before,
          'Available',
          available >= wanted,
          available >= wanted ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        ),
        condition(before, 'Progressing', true, done ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated'),
      ],
    }
  })
}

function make(store: Store, deployment: Stored, hash: string, revision: number): Stored {
  const { namespace, name } = deployment.metadata
  const { selector, template } = structuredClone(deployment.spec)
  template.metadata.labels = { ...template.metadata.labels, [HASH_LABEL]: hash }
  return store.create('replicasets.apps', {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace: namespace ?? '',
      labels: template.metadata.labels,
      annotations: { [REVISION]: String(revision) },
      ownerReferences: [ownerOf(deployment)],
    } as Stored['metadata'],
    spec: { replicas: 0, selector: { matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } }, template },
    status: { replicas: 0 },
  })
}

function scale(store: Store, { metadata }: Stored, replicas: number): void {
  store.edit('replicasets.apps', metadata.namespace, metadata.name, (object) => {
    object.spec.replicas = replicas
  })
}

interface Condition {
  type: string
  status: string
  reason: string
  lastTransitionTime: string
}

function condition(before: Condition[], type: string, ok: boolean, reason: string): object {
  const status = ok ? 'True' : 'False'
  const same = before.find((one) => one.type === type && one.status === status)
  const lastTransitionTime = same?.lastTransitionTime ?? timeNow()
  const lastUpdateTime = same?.reason === reason ? lastTransitionTime : timeNow()
  return { type, status, reason, message: '', lastTransitionTime, lastUpdateTime }
}
