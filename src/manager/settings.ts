/** What a manager is told by its pod and its installation. */
import type { KubeClient } from '../kube/client.ts'
import { INSTALLATION, type KubeObject } from '../kube/resources.ts'
import { type Issuer, readIssuer } from '../wire/session/identity.ts'

export interface Settings {
  namespace: string
  pod: string
  podIp: string
  /** The installation's public key, base64 SPKI. */
  installationKey: string
  issuer: Issuer
  image: string
}

/** Rejects with the API server's fault, or with what the installation lacks. */
export async function readSettings(client: KubeClient, env: Record<string, string | undefined>): Promise<Settings> {
  const { POD_NAME: pod = '', POD_NAMESPACE: namespace = INSTALLATION.namespace, POD_IP: podIp = '' } = env
  if (pod === '') throw new Error('POD_NAME is not set: a manager runs in a pod')
  const v1 = { apiVersion: 'v1', namespace }
  const [config, secret] = await Promise.all([
    client.get<KubeObject & { data?: Record<string, string> }>({
      ...v1,
      kind: 'ConfigMap',
      name: INSTALLATION.configMap,
    }),
    client.get<KubeObject & { data?: Record<string, string> }>({ ...v1, kind: 'Secret', name: INSTALLATION.secret }),
  ])
  const { publicKey, image } = config.data ?? {}
  const privateKey = secret.data?.privateKey
  if (publicKey === undefined || image === undefined)
    throw new Error(`ConfigMap ${INSTALLATION.configMap} is incomplete`)
  if (privateKey === undefined) throw new Error(`Secret ${INSTALLATION.secret} has no key`)
  return {
    namespace,
    pod,
    podIp,
    installationKey: publicKey,
    issuer: readIssuer(Buffer.from(privateKey, 'base64').toString()),
    image,
  }
}
