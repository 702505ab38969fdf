/** Deletes objects whose owners are gone. */
import { Resources } from '../apiserver/resources.ts'
import type { Store } from '../apiserver/store.ts'
import { endPod, isEnding } from './pods-of.ts'

export function collectGarbage(store: Store): void {
  const kinds = new Resources(store).all().filter(({ stored, kind }) => stored && kind !== 'Event')
  const uids = new Set<string>()
  const owned = []
  for (const { key } of kinds) {
    for (const object of store.list(key)) {
      uids.add(object.metadata.uid ?? '')
      if (object.metadata.ownerReferences !== undefined) owned.push({ key, object })
    }
  }
  for (const { key, object } of owned) {
    const { ownerReferences = [], namespace, name } = object.metadata
    if (ownerReferences.length === 0 || isEnding(object) || ownerReferences.some(({ uid }) => uids.has(uid))) continue
    if (key === 'pods') endPod(store, object)
    else store.delete(key, namespace, name)
  }
}
