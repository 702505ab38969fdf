/** RBAC: what the managers may, what every user may in the managers' namespace, and the roles that admins hand out. */
import { GROUP, INSTALLATION, type KubeObject } from '../resources.ts'
import { type InstallOptions, LABELS } from './options.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

const READ = ['get', 'list', 'watch']
const OURS = [GROUP]

/** What people look at to see what there is to attach to. */
const WORKLOADS: Rule[] = [
  { apiGroups: [''], resources: ['pods', 'services'], verbs: READ },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'], verbs: READ },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: READ },
  { apiGroups: ['argoproj.io'], resources: ['rollouts'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
]
/** Verbs on the virtual resource `workloads`, which the admission policies ask the API server's authorizer for. */
const DEVELOPER_VERBS = ['intercept', 'environment', 'files', 'dial', 'wiretap', 'tap', 'tls', 'reopen']
const ADMIN_VERBS = [...DEVELOPER_VERBS, 'intercept-all', 'replace', 'egress', 'revoke']

const viewer: Rule[] = [...WORKLOADS, { apiGroups: OURS, resources: ['intercepts'], verbs: READ }]
const attaching = (verbs: string[]): Rule[] => [
  ...viewer,
  { apiGroups: OURS, resources: ['intercepts'], verbs: ['create', 'update', 'patch', 'delete'] },
  { apiGroups: OURS, resources: ['workloads'], verbs },
]

const managerEverywhere: Rule[] = [
  ...WORKLOADS,
  { apiGroups: [''], resources: ['pods/ephemeralcontainers'], verbs: ['get', 'patch', 'update'] },
  // Agents print their public key there.
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  // Pod Security levels, and the addresses that are never dialled.
  { apiGroups: [''], resources: ['namespaces', 'nodes'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['servicecidrs'], verbs: READ },
  { apiGroups: OURS, resources: ['intercepts'], verbs: [...READ, 'delete'] },
  { apiGroups: OURS, resources: ['intercepts/status'], verbs: ['get', 'patch', 'update'] },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
]
const managerAtHome: Rule[] = [
  // `create`: the foreign owner that must be refused is tried by a dry run.
  { apiGroups: OURS, resources: ['sessions'], verbs: [...READ, 'create', 'delete'] },
  { apiGroups: OURS, resources: ['sessions/status'], verbs: ['get', 'patch', 'update'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: [...READ, 'create', 'patch', 'update'] },
  // `patch`: the leader writes there where managers are reached from outside.
  { apiGroups: [''], resources: ['configmaps'], resourceNames: [INSTALLATION.configMap], verbs: [...READ, 'patch'] },
  { apiGroups: [''], resources: ['secrets'], resourceNames: [INSTALLATION.secret], verbs: ['get'] },
]

/** What every user of the cluster may in the managers' namespace; the admission policies keep sessions apart. */
function user(replicas: number): Rule[] {
  const pods = Array.from({ length: replicas }, (_, index) => `${INSTALLATION.manager}-${index}`)
  return [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [INSTALLATION.configMap], verbs: ['get', 'watch'] },
    { apiGroups: OURS, resources: ['sessions'], verbs: ['create', 'get', 'watch', 'delete'] },
    { apiGroups: [''], resources: ['pods'], resourceNames: pods, verbs: ['get'] },
    // A WebSocket opens with GET, which API servers check as `get`, newer ones as `create` too.
    { apiGroups: [''], resources: ['pods/portforward'], resourceNames: pods, verbs: ['create', 'get'] },
  ]
}

/** All roles and bindings, in the order in which they are applied. */
export function permissions({ namespace, replicas }: InstallOptions): KubeObject[] {
  const manager = { kind: 'ServiceAccount', name: INSTALLATION.manager, namespace }
  const everyone = { kind: 'Group', name: 'system:authenticated', apiGroup: 'rbac.authorization.k8s.io' }
  return [
    role('ClusterRole', 'remocal-viewer', viewer),
    role('ClusterRole', 'remocal-developer', attaching(DEVELOPER_VERBS)),
    role('ClusterRole', 'remocal-admin', attaching(ADMIN_VERBS)),
    role('ClusterRole', INSTALLATION.manager, managerEverywhere),
    binding('ClusterRole', INSTALLATION.manager, manager),
    role('Role', INSTALLATION.manager, managerAtHome, namespace),
    binding('Role', INSTALLATION.manager, manager, namespace),
    role('Role', 'remocal-user', user(replicas), namespace),
    binding('Role', 'remocal-user', everyone, namespace),
  ]
}

function role(kind: 'ClusterRole' | 'Role', name: string, rules: Rule[], namespace?: string): KubeObject {
  const metadata = { name, labels: { ...LABELS }, ...(namespace !== undefined && { namespace }) }
  const object = { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules }
  return object
}

/** Binds the role of the same name. */
function binding(kind: 'ClusterRole' | 'Role', name: string, subject: object, namespace?: string): KubeObject {
  const metadata = { name, labels: { ...LABELS }, ...(namespace !== undefined && { namespace }) }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name }
  const object = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata,
    roleRef,
    subjects: [subject],
  }
  return object
}
