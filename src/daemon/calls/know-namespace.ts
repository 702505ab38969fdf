import { fault } from '../../diagnose/catalogue.ts'
import type { KubeObject } from '../../kube/resources.ts'
import { nearest } from '../../lib/nearest.ts'
import type { Cluster } from '../cluster.ts'

/** Throws RC-I-210 when there is no such namespace. Who may not look goes on: what is asked next says what is wrong. */
export async function knowNamespace({ client }: Pick<Cluster, 'client'>, name: string): Promise<void> {
  const path = { apiVersion: 'v1', kind: 'Namespace' }
  const found = await client.find<KubeObject>({ ...path, name }).catch(() => 'unknown' as const)
  if (found !== undefined) return
  const { items } = await client.list<KubeObject>(path).catch(() => ({ items: [] }))
  const near = nearest(
    name,
    items.map(({ metadata }) => metadata.name),
  )
  const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
  throw fault('RC-I-210', `There is no namespace ${name}${hint === '' ? '.' : hint}`, ['kubectl get namespaces'])
}
