/** Pods and their owners. */
import type { Store, Stored } from '../apiserver/store.ts'

/** Objects of a kind that `owner` controls. */
export function controlledBy(store: Store, resource: string, owner: Stored): Stored[] {
  return store
    .list(resource, owner.metadata.namespace)
    .filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === owner.metadata.uid),
    )
}

export function isReady({ status }: Stored): boolean {
  return (status?.conditions ?? []).some(
    ({ type, status: value }: { type: string; status: string }) => type === 'Ready' && value === 'True',
  )
}

export function isEnding({ metadata }: Stored): boolean {
  return metadata.deletionTimestamp !== undefined
}

/** The reference of what a controller makes to what it makes it for. */
export function ownerOf({ apiVersion, kind, metadata }: Stored): object {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }
}

/** A pod of a template. */
export function podOf(
  owner: Stored,
  name: { name: string } | { generateName: string },
  labels: Record<string, string> = {},
): Stored {
  const { metadata = {}, spec } = structuredClone(owner.spec.template) as {
    metadata?: { labels?: object; annotations?: object }
    spec: object
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      ...(name as { name: string }),
      namespace: owner.metadata.namespace ?? '',
      labels: { ...metadata.labels, ...labels },
      ownerReferences: [ownerOf(owner)],
    } as unknown as Stored['metadata'],
    spec,
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  }
}

/** Ends a pod as `kubectl delete` does. */
export function endPod(store: Store, { metadata, spec }: Stored): void {
  store.delete(
    'pods',
    metadata.namespace,
    metadata.name,
    spec.nodeName === undefined ? 0 : (spec.terminationGracePeriodSeconds ?? 30),
  )
}
