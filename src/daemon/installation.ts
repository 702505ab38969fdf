import { fault } from '../diagnose/catalogue.ts'
import type { KubeClient } from '../kube/client.ts'
import { INSTALLATION, type KubeObject } from '../kube/resources.ts'

export interface Installation {
  publicKey: string
  /** Of the managers. */
  replicas: number
}

/** What a cluster's installation says of itself. Rejects with RC-C-120 when there is none. */
export async function readInstallation(client: KubeClient, contextName: string): Promise<Installation> {
  const { namespace, configMap: name } = INSTALLATION
  const path = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name }
  const config = await client.find<KubeObject & { data?: Record<string, string> }>(path)
  const publicKey = config?.data?.publicKey
  if (publicKey === undefined) {
    throw fault('RC-C-120', `Cannot connect to ${contextName}: Remocal is not installed in this cluster.`, [
      'remocal install',
    ])
  }
  return { publicKey, replicas: Math.max(1, Number(config?.data?.replicas ?? 2)) }
}
