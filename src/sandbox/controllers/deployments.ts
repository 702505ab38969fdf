/** Deployments: a ReplicaSet for each template, the old ones shrinking as the new one becomes ready. */
import { createHash } from 'node:crypto'
import { type Store, type Stored, timeNow } from '../apiserver/store.ts'
import { controlledBy, isEnding, ownerOf } from './pods-of.ts'
import { nextScale } from './rollout.ts'

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
  const newest = Math.max(0, ...sets.map(revisionOf))
  const found = sets.find(({ metadata }) => metadata.labels?.[HASH_LABEL] === hash)
  const current = found ?? make(store, deployment, hash)
  // A template that comes back is the newest again.
  const revision = found !== undefined && revisionOf(found) === newest ? newest : newest + 1
  const old = sets.filter((set) => set !== found).sort((a, b) => revisionOf(b) - revisionOf(a))
  const numberOf = (set: Stored, field: string): number => (set.status?.[field] ?? 0) as number
  const next = nextScale({
    wanted,
    strategy: deployment.spec.strategy ?? {},
    current: { replicas: current.spec.replicas as number },
    old: old.map((set) => ({ replicas: set.spec.replicas as number, ready: numberOf(set, 'readyReplicas') })),
    ready: [...old, current].reduce((total, set) => total + numberOf(set, 'readyReplicas'), 0),
    oldPods: old.reduce((total, set) => total + controlledBy(store, 'pods', set).length, 0),
  })
  scale(store, current, next.current, revision)
  old.forEach((set, index) => {
    scale(store, set, next.old[index] ?? 0)
  })
  forget(store, old, (deployment.spec.revisionHistoryLimit ?? 10) as number)
  const all = controlledBy(store, 'replicasets.apps', deployment)
  const sum = (field: string): number =>
    all.reduce((total, { status }) => total + ((status?.[field] ?? 0) as number), 0)
  const available = sum('readyReplicas')
  const updated = numberOf(store.find('replicasets.apps', namespace, current.metadata.name) ?? current, 'replicas')
  const done = updated === wanted && available === wanted && sum('replicas') === wanted
  store.edit('deployments.apps', namespace, name, (object) => {
    object.metadata.annotations = { ...object.metadata.annotations, [REVISION]: String(revision) }
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

function make(store: Store, deployment: Stored, hash: string): Stored {
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
      ownerReferences: [ownerOf(deployment)],
    } as Stored['metadata'],
    spec: { replicas: 0, selector: { matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } }, template },
    status: { replicas: 0 },
  })
}

function scale(store: Store, { metadata }: Stored, replicas: number, revision?: number): void {
  store.edit('replicasets.apps', metadata.namespace, metadata.name, (object) => {
    object.spec.replicas = replicas
    if (revision === undefined) return
    object.metadata.annotations = { ...object.metadata.annotations, [REVISION]: String(revision) }
  })
}

function revisionOf({ metadata }: Stored): number {
  return Number(metadata.annotations?.[REVISION] ?? 0)
}

/** Sets without pods beyond the limit. @param old newest first */
function forget(store: Store, old: Stored[], limit: number): void {
  const empty = old.filter(({ spec, status }) => spec.replicas === 0 && (status?.replicas ?? 0) === 0)
  for (const { metadata } of empty.slice(limit)) store.delete('replicasets.apps', metadata.namespace, metadata.name)
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
