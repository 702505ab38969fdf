/** A kubeconfig for the sandbox, as JSON, which is YAML. */
import type { Certificate } from '../wire/session/authority.ts'

export function kubeconfigOf(server: string, authority: Certificate, user: Certificate): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'sandbox', cluster: { server, 'certificate-authority-data': base64(authority.cert) } }],
    users: [
      { name: 'sandbox', user: { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) } },
    ],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'sandbox' } }],
    'current-context': 'sandbox',
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
