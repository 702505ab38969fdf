/** Each namespace has its default account; one that ends loses its contents, then itself. */
import { Resources } from '../apiserver/resources.ts'
import type { Store } from '../apiserver/store.ts'
import { endPod, isEnding } from './pods-of.ts'

export function reconcileNamespaces(store: Store): void {
  for (const namespace of store.list('namespaces')) {
    const { name } = namespace.metadata
    if (isEnding(namespace)) empty(store, name)
    else if (store.find('serviceaccounts', name, 'default') === undefined) {
      store.create('serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: name },
      })
    }
  }
}

function empty(store: Store, namespace: string): void {
  let left = 0
  for (const { key, namespaced, stored } of new Resources(store).all()) {
    if (!namespaced || !stored) continue
    for (const object of store.list(key, namespace)) {
      left++
      if (isEnding(object)) continue
      if (key === 'pods') endPod(store, object)
      else store.delete(key, namespace, object.metadata.name)
    }
  }
  if (left > 0) return
  store.edit('namespaces', undefined, namespace, (object) => {
    object.metadata.finalizers = []
  })
}
