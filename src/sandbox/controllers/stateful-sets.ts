/** StatefulSets: pods with stable names, in order unless they may be parallel; a new template replaces the last pod first. */
import { createHash } from 'node:crypto'
import type { Store, Stored } from '../apiserver/store.ts'
import { controlledBy, endPod, isEnding, isReady, podOf } from './pods-of.ts'

const REVISION = 'controller-revision-hash'

export function reconcileStatefulSets(store: Store): void {
  for (const set of store.list('statefulsets.apps')) if (!isEnding(set)) reconcile(store, set)
}

function reconcile(store: Store, set: Stored): void {
  const { namespace, name } = set.metadata
  const wanted = set.spec.replicas as number
  const hash = createHash('sha256').update(JSON.stringify(set.spec.template)).digest('hex').slice(0, 10)
  const revision = `${name}-${hash}`
  const pods = new Map(controlledBy(store, 'pods', set).map((pod) => [pod.metadata.name, pod]))
  const parallel = set.spec.podManagementPolicy === 'Parallel'
  for (let index = 0; index < wanted; index++) {
    const pod = pods.get(`${name}-${index}`)
    if (pod === undefined) store.create('pods', make(set, index, revision))
    if (!parallel && (pod === undefined || !isReady(pod))) break
  }
  for (const pod of pods.values()) {
    if (Number(pod.metadata.name.slice(name.length + 1)) >= wanted && !isEnding(pod)) endPod(store, pod)
  }
  replaceOld(store, [...pods.values()], revision, wanted)
  const now = controlledBy(store, 'pods', set).filter((pod) => !isEnding(pod))
  const ready = now.filter(isReady).length
  const updated = now.filter(({ metadata }) => metadata.labels?.[REVISION] === revision).length
  store.edit('statefulsets.apps', namespace, name, (object) => {
    object.status = {
      observedGeneration: object.metadata.generation,
      replicas: now.length,
      readyReplicas: ready,
      availableReplicas: ready,
      updatedReplicas: updated,
      currentReplicas: updated,
      updateRevision: revision,
      currentRevision: updated === wanted ? revision : (object.status?.currentRevision ?? revision),
      collisionCount: 0,
    }
  })
}

/** One at a time, the highest first, while all others are ready. */
function replaceOld(store: Store, pods: Stored[], revision: string, wanted: number): void {
  if (pods.length < wanted || pods.some((pod) => isEnding(pod) || !isReady(pod))) return
  const old = pods.filter(({ metadata }) => metadata.labels?.[REVISION] !== revision)
  const last = old.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name)).at(-1)
  if (last !== undefined) endPod(store, last)
}

function make(set: Stored, index: number, revision: string): Stored {
  const name = `${set.metadata.name}-${index}`
  const labels = {
    [REVISION]: revision,
    'statefulset.kubernetes.io/pod-name': name,
    'apps.kubernetes.io/pod-index': String(index),
  }
  const pod = podOf(set, { name }, labels)
  pod.spec.hostname = name
  pod.spec.subdomain = set.spec.serviceName
  return pod
}
