/** What runs: the managers (StatefulSet and its headless Service) and the dialers (Deployment). */
import { INSTALLATION, type KubeObject } from '../resources.ts'
import { type InstallOptions, LABELS } from './options.ts'

const UID = 65532
const HEALTH_PORT = 7071
/** On the pod template: a new key or version rolls the pods. */
const KEY_ANNOTATION = 'remocal.dev/installation-key'

/** StatefulSet, Services and Deployment. */
export function processes(options: InstallOptions): KubeObject[] {
  return [service(options), carriers(options), managers(options), dialers(options), ...budgets(options)]
}

function service({ namespace }: InstallOptions): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: INSTALLATION.manager, namespace, labels: labelsOf(INSTALLATION.manager) },
    spec: {
      clusterIP: 'None',
      publishNotReadyAddresses: false,
      selector: selectorOf(INSTALLATION.manager),
      ports: [{ name: 'carrier', port: INSTALLATION.port, targetPort: 'carrier', protocol: 'TCP' }],
    },
  }
  return object
}

/** Any ready manager, at an address that does not change. */
function carriers({ namespace }: InstallOptions): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: INSTALLATION.carriers, namespace, labels: labelsOf(INSTALLATION.manager) },
    spec: {
      selector: selectorOf(INSTALLATION.manager),
      ports: [{ name: 'carrier', port: INSTALLATION.port, targetPort: 'carrier', protocol: 'TCP' }],
    },
  }
  return object
}

function managers({ image, namespace, replicas, publicKey }: InstallOptions): KubeObject {
  const name = INSTALLATION.manager
  const object = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace, labels: labelsOf(name) },
    spec: {
      serviceName: name,
      replicas,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: selectorOf(name) },
      template: {
        metadata: { labels: labelsOf(name), annotations: { [KEY_ANNOTATION]: publicKey } },
        spec: {
          serviceAccountName: name,
          terminationGracePeriodSeconds: 10,
          securityContext: podSecurity,
          affinity: apart(name),
          containers: [
            {
              name: 'manager',
              image,
              imagePullPolicy: 'IfNotPresent',
              args: ['manager'],
              env: identity,
              ports: [
                { name: 'carrier', containerPort: INSTALLATION.port },
                { name: 'health', containerPort: HEALTH_PORT },
              ],
              readinessProbe: {
                httpGet: { path: '/readyz', port: HEALTH_PORT },
                periodSeconds: 1,
                failureThreshold: 2,
              },
              resources: { requests: { cpu: '20m', memory: '96Mi' }, limits: { memory: '512Mi' } },
              securityContext: containerSecurity,
            },
          ],
        },
      },
    },
  }
  return object
}

function dialers({ image, namespace, publicKey }: InstallOptions): KubeObject {
  const name = INSTALLATION.dialer
  const managersName = `${INSTALLATION.carriers}.${namespace}.svc:${INSTALLATION.port}`
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels: labelsOf(name) },
    spec: {
      replicas: 2,
      selector: { matchLabels: selectorOf(name) },
      template: {
        metadata: { labels: labelsOf(name) },
        spec: {
          serviceAccountName: name,
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 10,
          securityContext: podSecurity,
          affinity: apart(name),
          containers: [
            {
              name: 'dialer',
              image,
              imagePullPolicy: 'IfNotPresent',
              args: [
                'agent',
                '--dialer',
                ...['--namespace', '$(POD_NAMESPACE)'],
                ...['--pod', '$(POD_NAME)'],
                ...['--pod-uid', '$(POD_UID)'],
                ...['--container', 'dialer'],
                ...['--installation-key', publicKey],
                ...['--managers-name', managersName],
              ],
              env: identity,
              ports: [{ name: 'health', containerPort: HEALTH_PORT }],
              readinessProbe: {
                httpGet: { path: '/readyz', port: HEALTH_PORT },
                periodSeconds: 1,
                failureThreshold: 2,
              },
              resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '512Mi' } },
              securityContext: containerSecurity,
            },
          ],
        },
      },
    },
  }
  return object
}

/** A drained node takes one manager and one dialer at a time. */
function budgets({ namespace }: InstallOptions): KubeObject[] {
  return [INSTALLATION.manager, INSTALLATION.dialer].map((name) => {
    const object = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace, labels: labelsOf(name) },
      spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(name) } },
    }
    return object
  })
}

const fieldEnv = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } })
const identity = [
  fieldEnv('POD_NAME', 'metadata.name'),
  fieldEnv('POD_NAMESPACE', 'metadata.namespace'),
  fieldEnv('POD_UID', 'metadata.uid'),
  fieldEnv('POD_IP', 'status.podIP'),
]

const podSecurity = {
  runAsNonRoot: true,
  runAsUser: UID,
  runAsGroup: UID,
  seccompProfile: { type: 'RuntimeDefault' },
}
const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}

const selectorOf = (name: string): Record<string, string> => ({ 'app.kubernetes.io/name': name })
const labelsOf = (name: string): Record<string, string> => ({ ...LABELS, ...selectorOf(name) })

/** On different nodes where there are several. */
const apart = (name: string): object => ({
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: selectorOf(name) } },
      },
    ],
  },
})
