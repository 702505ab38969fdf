/** Deletes managers as nobody should, and proves it. */
import type { KubeClient } from '../../src/kube/client.ts'
import { INSTALLATION, type KubeObject } from '../../src/kube/resources.ts'
import { until } from './until.ts'

interface Pod extends KubeObject {
  status?: { conditions?: { type: string; status: string }[] }
}

/** Deletes a manager's pod by force and waits until another one has taken its name. @returns both uids */
export async function forceDelete(client: KubeClient, name: string): Promise<{ before: string; after: string }> {
  const path = { apiVersion: 'v1', kind: 'Pod', namespace: INSTALLATION.namespace, name }
  const before = (await client.get<Pod>(path)).metadata.uid ?? ''
  await client.delete(path, { gracePeriodSeconds: 0 })
  const after = await until(`another ${name} is ready`, 60_000, async () => {
    const { metadata, status } = await client.get<Pod>(path)
    const ready = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
    return metadata.uid !== before && ready === true ? metadata.uid : undefined
  })
  return { before, after }
}
