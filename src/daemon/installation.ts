/** What a cluster's installation says of itself. */
import { fault } from '../diagnose/catalogue.ts'
import type { KubeClient } from '../kube/client.ts'
import { INSTALLATION, type KubeObject } from '../kube/resources.ts'
import { parseHostPort } from '../lib/host-port.ts'

export interface Installation {
  publicKey: string
  /** Of the managers. */
  replicas: number
  /** `host:port` where they are reached from outside the cluster; none: by port-forward only. */
  reach: string[]
}

/** Reads it. Rejects with RC-C-120 when there is none. */
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
  const { replicas, reach = '' } = config?.data ?? {}
  return {
    publicKey,
    replicas: Math.max(1, Number(replicas ?? 2)),
    reach: reach.split(/\s+/).filter((address) => parseHostPort(address) !== undefined),
  }
}
