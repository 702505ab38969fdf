/** The Service through which daemons reach managers from outside the cluster. */
import { INSTALLATION, type KubeObject } from '../resources.ts'
import { type InstallOptions, LABELS } from './options.ts'

/**
 * `Local`: managers see the address that a connection comes from, so that whoever proves no key uses up his own share of strangers only,
 * and no node passes traffic on to another one. Nodes without a manager do not answer; they are not named to daemons.
 */
export function outside({ namespace, expose = 'NodePort' }: InstallOptions): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: INSTALLATION.outside, namespace, labels: { ...LABELS } },
    spec: {
      type: expose,
      externalTrafficPolicy: 'Local',
      selector: { 'app.kubernetes.io/name': INSTALLATION.manager },
      ports: [{ name: 'carrier', port: INSTALLATION.port, targetPort: 'carrier', protocol: 'TCP' }],
    },
  }
  return object
}
