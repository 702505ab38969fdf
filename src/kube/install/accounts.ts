/** The namespace, what daemons read first, and the service accounts. */
import { INSTALLATION, type KubeObject } from '../resources.ts'
import { type InstallOptions, LABELS } from './options.ts'

/** The manager's namespace. Its pods need no privilege, so it holds them to that. */
export function namespaceObject(name: string): KubeObject {
  const labels = { ...LABELS, 'pod-security.kubernetes.io/enforce': 'restricted' }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }
}

/** ConfigMap `remocal`. */
export function configMap({ namespace, publicKey, version, replicas, image }: InstallOptions): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: INSTALLATION.configMap, namespace, labels: { ...LABELS } },
    data: { publicKey, version, replicas: String(replicas), port: String(INSTALLATION.port), image },
  }
  return object
}

/** Service accounts of managers and dialers; the dialer's has no right and no token. */
export function serviceAccounts(namespace: string): KubeObject[] {
  const account = (name: string, token: boolean): KubeObject & { automountServiceAccountToken: boolean } => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels: { ...LABELS } },
    automountServiceAccountToken: token,
  })
  return [account(INSTALLATION.manager, true), account(INSTALLATION.dialer, false)]
}
