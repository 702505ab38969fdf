/** The target of a process that runs in a pod: the service account's token, which the kubelet renews in place. */
import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { fault } from '../diagnose/catalogue.ts'
import type { Clock } from '../lib/clock.ts'
import type { Credentials, KubeTarget } from './target.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
/** Tokens live an hour; the kubelet writes the next one long before. */
const REREAD_MS = 60_000

/**
 * Loads the pod's own credentials.
 * @param env of the process: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT
 * @throws RC-C-102 outside a pod
 */
export function inClusterConfig(env: Record<string, string | undefined>, clock: Clock, folder = FOLDER): KubeTarget {
  const host = env.KUBERNETES_SERVICE_HOST
  const port = env.KUBERNETES_SERVICE_PORT
  if (!host || !port) {
    throw fault('RC-C-102', 'This process is not in a pod: KUBERNETES_SERVICE_HOST is not set.', [
      'Start it from the manifests that `remocal install` applies',
    ])
  }
  const read = (name: string): Buffer => {
    try {
      return readFileSync(join(folder, name))
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code
      throw fault('RC-C-102', `The service account's ${name} cannot be read: ${why}.`, [`ls -l ${folder}`], error)
    }
  }
  let kept: Credentials | undefined
  let readAt = 0
  return {
    name: 'in-cluster',
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: read('namespace').toString().trim(),
    ca: read('ca.crt'),
    serverName: undefined,
    insecure: false,
    proxy: undefined,
    headers: {},
    async credentials(renew) {
      if (kept === undefined || renew || clock.now() - readAt >= REREAD_MS) {
        kept = { authorization: `Bearer ${read('token').toString().trim()}` }
        readAt = clock.now()
      }
      return kept
    },
  }
}
