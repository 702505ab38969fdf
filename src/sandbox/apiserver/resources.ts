/** The kinds that the API server has: built in, or defined by CustomResourceDefinitions. */
import type { Store, Stored } from './store.ts'

export interface Resource {
  /** As the store names it: `pods`, `deployments.apps`. */
  key: string
  group: string
  version: string
  kind: string
  plural: string
  namespaced: boolean
  shortNames: string[]
  /** `status`, `scale`, `log` … */
  subresources: string[]
  /** False: nothing is stored, every POST is a question. */
  stored: boolean
  /** A question about oneself, which needs no permission. */
  selfService?: boolean
  categories?: string[]
  /** Of a custom resource: schema and columns. */
  definition?: CustomVersion
}

export interface CustomVersion {
  schema: Schema
  columns: { name: string; type: string; jsonPath: string; priority?: number }[]
}

export interface Schema {
  type?: string
  required?: string[]
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
  enum?: unknown[]
  default?: unknown
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  nullable?: boolean
  minItems?: number
  maxItems?: number
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-validations'?: { rule: string; message: string }[]
}

function builtin(group: string, version: string, kind: string, plural: string, rest: Partial<Resource> = {}): Resource {
  const key = group === '' ? plural : `${plural}.${group}`
  return {
    key,
    group,
    version,
    kind,
    plural,
    namespaced: true,
    shortNames: [],
    subresources: [],
    stored: true,
    ...rest,
  }
}

const CLUSTER = { namespaced: false }
const QUESTION = { stored: false, namespaced: false }
const OWN_QUESTION = { ...QUESTION, selfService: true }
const RBAC = 'rbac.authorization.k8s.io'
const AUTHORIZATION = 'authorization.k8s.io'
const REGISTRATION = 'admissionregistration.k8s.io'

export const BUILTIN: Resource[] = [
  builtin('', 'v1', 'Namespace', 'namespaces', {
    ...CLUSTER,
    shortNames: ['ns'],
    subresources: ['status', 'finalize'],
  }),
  builtin('', 'v1', 'Node', 'nodes', { ...CLUSTER, shortNames: ['no'], subresources: ['status'] }),
  builtin('', 'v1', 'Pod', 'pods', {
    shortNames: ['po'],
    subresources: ['status', 'log', 'portforward', 'ephemeralcontainers', 'eviction', 'exec', 'attach'],
    categories: ['all'],
  }),
  builtin('', 'v1', 'Service', 'services', { shortNames: ['svc'], subresources: ['status'], categories: ['all'] }),
  builtin('', 'v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] }),
  builtin('', 'v1', 'Secret', 'secrets'),
  builtin('', 'v1', 'ServiceAccount', 'serviceaccounts', { shortNames: ['sa'], subresources: ['token'] }),
  builtin('', 'v1', 'Event', 'events', { shortNames: ['ev'] }),
  builtin('apps', 'v1', 'Deployment', 'deployments', {
    shortNames: ['deploy'],
    subresources: ['status', 'scale'],
    categories: ['all'],
  }),
  builtin('apps', 'v1', 'ReplicaSet', 'replicasets', {
    shortNames: ['rs'],
    subresources: ['status', 'scale'],
    categories: ['all'],
  }),
  builtin('apps', 'v1', 'StatefulSet', 'statefulsets', {
    shortNames: ['sts'],
    subresources: ['status', 'scale'],
    categories: ['all'],
  }),
  builtin('apps', 'v1', 'DaemonSet', 'daemonsets', {
    shortNames: ['ds'],
    subresources: ['status'],
    categories: ['all'],
  }),
  builtin('batch', 'v1', 'Job', 'jobs', { subresources: ['status'], categories: ['all'] }),
  builtin('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  builtin('discovery.k8s.io', 'v1', 'EndpointSlice', 'endpointslices'),
  builtin('networking.k8s.io', 'v1', 'ServiceCIDR', 'servicecidrs', CLUSTER),
  builtin('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets', {
    shortNames: ['pdb'],
    subresources: ['status'],
  }),
  builtin(RBAC, 'v1', 'Role', 'roles'),
  builtin(RBAC, 'v1', 'RoleBinding', 'rolebindings'),
  builtin(RBAC, 'v1', 'ClusterRole', 'clusterroles', CLUSTER),
  builtin(RBAC, 'v1', 'ClusterRoleBinding', 'clusterrolebindings', CLUSTER),
  builtin('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', {
    ...CLUSTER,
    shortNames: ['crd', 'crds'],
    subresources: ['status'],
  }),
  builtin('authentication.k8s.io', 'v1', 'SelfSubjectReview', 'selfsubjectreviews', OWN_QUESTION),
  builtin(AUTHORIZATION, 'v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', OWN_QUESTION),
  builtin(AUTHORIZATION, 'v1', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', OWN_QUESTION),
  builtin(AUTHORIZATION, 'v1', 'SubjectAccessReview', 'subjectaccessreviews', QUESTION),
]

/** Kinds whose objects do nothing here: they are kept, and said to be so nowhere else. */
export const INERT: ReadonlySet<string> = new Set(['DaemonSet', 'Job'])

const absent = builtin

/** Kinds of a real cluster that are not here. They are told of, so that whoever asks for them gets 501 and the reason. */
export const ABSENT: Resource[] = [
  absent('', 'v1', 'Endpoints', 'endpoints', { shortNames: ['ep'] }),
  absent('', 'v1', 'PersistentVolume', 'persistentvolumes', { ...CLUSTER, shortNames: ['pv'] }),
  absent('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', { shortNames: ['pvc'] }),
  absent('', 'v1', 'ResourceQuota', 'resourcequotas', { shortNames: ['quota'] }),
  absent('', 'v1', 'LimitRange', 'limitranges', { shortNames: ['limits'] }),
  absent('', 'v1', 'PodTemplate', 'podtemplates'),
  absent('', 'v1', 'ReplicationController', 'replicationcontrollers', { shortNames: ['rc'] }),
  absent('', 'v1', 'Binding', 'bindings'),
  absent('', 'v1', 'ComponentStatus', 'componentstatuses', { ...CLUSTER, shortNames: ['cs'] }),
  absent('apps', 'v1', 'ControllerRevision', 'controllerrevisions'),
  absent('batch', 'v1', 'CronJob', 'cronjobs', { shortNames: ['cj'] }),
  absent('networking.k8s.io', 'v1', 'Ingress', 'ingresses', { shortNames: ['ing'] }),
  absent('networking.k8s.io', 'v1', 'IngressClass', 'ingressclasses', CLUSTER),
  absent('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies', { shortNames: ['netpol'] }),
  absent('networking.k8s.io', 'v1', 'IPAddress', 'ipaddresses', { ...CLUSTER, shortNames: ['ip'] }),
  absent('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', { shortNames: ['hpa'] }),
  absent('storage.k8s.io', 'v1', 'StorageClass', 'storageclasses', { ...CLUSTER, shortNames: ['sc'] }),
  absent('scheduling.k8s.io', 'v1', 'PriorityClass', 'priorityclasses', { ...CLUSTER, shortNames: ['pc'] }),
  absent('node.k8s.io', 'v1', 'RuntimeClass', 'runtimeclasses', CLUSTER),
  absent(REGISTRATION, 'v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', CLUSTER),
  absent(REGISTRATION, 'v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', CLUSTER),
  absent('certificates.k8s.io', 'v1', 'CertificateSigningRequest', 'certificatesigningrequests', {
    ...CLUSTER,
    shortNames: ['csr'],
  }),
  absent('authentication.k8s.io', 'v1', 'TokenReview', 'tokenreviews', QUESTION),
  absent(AUTHORIZATION, 'v1', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', { stored: false }),
]

/** Further groups of a real cluster, not told of: asked for, they answer 501 instead of 404. */
export const ABSENT_GROUPS: ReadonlySet<string> = new Set([
  'autoscaling',
  REGISTRATION,
  'apiregistration.k8s.io',
  'certificates.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'node.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
])

export class Resources {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  all(): Resource[] {
    return [...BUILTIN, ...this.#store.list('customresourcedefinitions.apiextensions.k8s.io').flatMap(customResources)]
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.all().find((one) => one.group === group && one.version === version && one.plural === plural)
  }

  /** By what the store calls it. */
  byKey(key: string): Resource | undefined {
    return this.all().find((one) => one.key === key)
  }
}

interface DefinitionVersion {
  name: string
  served?: boolean
  schema?: { openAPIV3Schema?: Schema }
  subresources?: { status?: object; scale?: object }
  additionalPrinterColumns?: CustomVersion['columns']
}

function customResources({ spec }: Stored): Resource[] {
  const { group, scope, names, versions } = spec as {
    group: string
    scope: string
    names: { kind: string; plural: string; shortNames?: string[]; categories?: string[] }
    versions: DefinitionVersion[]
  }
  return versions
    .filter(({ served }) => served !== false)
    .map(({ name, schema, subresources = {}, additionalPrinterColumns = [] }) => ({
      key: `${names.plural}.${group}`,
      group,
      version: name,
      kind: names.kind,
      plural: names.plural,
      namespaced: scope === 'Namespaced',
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      subresources: Object.keys(subresources),
      stored: true,
      definition: { schema: schema?.openAPIV3Schema ?? { type: 'object' }, columns: additionalPrinterColumns },
    }))
}
