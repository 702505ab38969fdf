/** Each namespace has its default account and the authority's certificate; one that ends loses its contents, then itself. */
import { Resources } from '../apiserver/resources.ts'
import type { Store } from '../apiserver/store.ts'
import { endPod, isEnding } from './pods-of.ts'

/** What any pod may mount to know the API server. */
const ROOT_CA = 'kube-root-ca.crt'

export function reconcileNamespaces(store: Store, authority: string | undefined): void {
  for (const namespace of store.list('namespaces')) {
    const { name } = namespace.metadata
    if (isEnding(namespace)) empty(store, name)
    else furnish(store, name, authority)
  }
}

function furnish(store: Store, namespace: string, authority: string | undefined): void {
  if (store.find('serviceaccounts', namespace, 'default') === undefined) {
    const metadata = { name: 'default', namespace }
    store.create('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  }
  if (authority !== undefined && store.find('configmaps', namespace, ROOT_CA) === undefined) {
    const metadata = { name: ROOT_CA, namespace }
    store.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca.crt': authority } })
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
