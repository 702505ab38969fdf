/** What Kubernetes fills in for objects of its own kinds, as far as controllers and people rely on it; and what it refuses. */
import { invalid } from './status.ts'
import type { Store, Stored } from './store.ts'

type Fields = Record<string, unknown>

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
const LABEL_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
/** Kinds whose names become DNS labels. */
const LABEL_KINDS = new Set(['Namespace', 'Service'])
/** RBAC allows `system:auth-delegator`. */
const FREE_NAMES = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'])
const SERVICE_PREFIX = '10.97.'

/** Fills defaults in, in place. `old`: what it replaces. */
export function applyDefaults(object: Stored, old: Stored | undefined, store: Store): void {
  switch (object.kind) {
    case 'Namespace':
      object.spec ??= { finalizers: ['kubernetes'] }
      object.status ??= { phase: 'Active' }
      object.metadata.labels = { 'kubernetes.io/metadata.name': object.metadata.name, ...object.metadata.labels }
      break
    case 'Pod':
      defaultPod(object.spec ?? {})
      object.status ??= { phase: 'Pending', qosClass: 'BestEffort' }
      break
    case 'Deployment':
      defaultWorkload(object.spec)
      object.spec.strategy ??= { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }
      object.spec.revisionHistoryLimit ??= 10
      object.spec.progressDeadlineSeconds ??= 600
      object.status ??= {}
      break
    case 'ReplicaSet':
      defaultWorkload(object.spec)
      object.status ??= { replicas: 0 }
      break
    case 'StatefulSet':
      defaultWorkload(object.spec)
      object.spec.podManagementPolicy ??= 'OrderedReady'
      object.spec.updateStrategy ??= { type: 'RollingUpdate' }
      object.status ??= { replicas: 0 }
      break
    case 'Service':
      defaultService(object, old, store)
      break
    case 'Secret':
      object.type ??= 'Opaque'
      if (object.stringData !== undefined) {
        const encoded = Object.entries(object.stringData as Record<string, string>).map(([key, value]) => [
          key,
          Buffer.from(value).toString('base64'),
        ])
        object.data = { ...(object.data as Fields), ...Object.fromEntries(encoded) }
        delete object.stringData
      }
      break
    case 'CustomResourceDefinition':
      object.status = { ...definitionStatus(object), ...(object.status as Fields) }
      break
    default:
      break
  }
}

function defaultWorkload(spec: Fields): void {
  spec.replicas ??= 1
  spec.template ??= {}
  const template = spec.template as Fields
  template.metadata ??= {}
  template.spec ??= {}
  defaultPod(template.spec as Fields)
}

function defaultPod(spec: Fields): void {
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.serviceAccountName ??= 'default'
  spec.schedulerName ??= 'default-scheduler'
  spec.securityContext ??= {}
  spec.enableServiceLinks ??= true
  for (const container of [...list(spec.containers), ...list(spec.initContainers)]) {
    container.imagePullPolicy ??= /:latest$|^[^:]+$/.test(String(container.image)) ? 'Always' : 'IfNotPresent'
    container.terminationMessagePath ??= '/dev/termination-log'
    container.terminationMessagePolicy ??= 'File'
    container.resources ??= {}
    for (const port of list(container.ports)) port.protocol ??= 'TCP'
    for (const name of ['readinessProbe', 'livenessProbe', 'startupProbe']) {
      const probe = container[name] as Fields | undefined
      if (probe === undefined) continue
      Object.assign(probe, { periodSeconds: 10, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3, ...probe })
      const http = probe.httpGet as Fields | undefined
      if (http !== undefined) Object.assign(http, { path: '/', scheme: 'HTTP', ...http })
    }
  }
}

function defaultService(object: Stored, old: Stored | undefined, store: Store): void {
  object.spec ??= {}
  const spec = object.spec as Fields
  spec.type ??= 'ClusterIP'
  spec.sessionAffinity ??= 'None'
  spec.internalTrafficPolicy ??= 'Cluster'
  for (const port of list(spec.ports)) {
    port.protocol ??= 'TCP'
    port.targetPort ??= port.port
  }
  spec.clusterIP ??= (old?.spec as Fields | undefined)?.clusterIP ?? freeAddress(store)
  spec.clusterIPs ??= [spec.clusterIP]
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  object.status ??= { loadBalancer: {} }
}

/** A ClusterIP that no Service has. */
function freeAddress(store: Store): string {
  const taken = new Set(store.list('services').map(({ spec }) => spec.clusterIP))
  for (let number = 256; number < 65_000; number++) {
    const address = `${SERVICE_PREFIX}${number >> 8}.${number & 255}`
    if ((number & 255) !== 0 && (number & 255) !== 255 && !taken.has(address)) return address
  }
  throw invalid('Service', '', [{ field: 'spec.clusterIP', message: 'no address is free' }])
}

function definitionStatus({ spec }: Stored): Fields {
  const condition = (type: string, reason: string): object => ({
    type,
    status: 'True',
    reason,
    message: '',
    lastTransitionTime: new Date().toISOString().replace(/\.\d+/, ''),
  })
  return {
    conditions: [condition('NamesAccepted', 'NoConflicts'), condition('Established', 'InitialNamesAccepted')],
    acceptedNames: spec.names,
    storedVersions: (spec.versions as { name: string; storage?: boolean }[])
      .filter(({ storage }) => storage)
      .map(({ name }) => name),
  }
}

/** Throws 422. */
export function validate(object: Stored, old: Stored | undefined): void {
  const { kind, metadata } = object
  const causes: { field: string; message: string }[] = []
  const wrong = (field: string, message: string): void => void causes.push({ field, message })
  const { name = '', generateName } = metadata
  if (name === '' && generateName === undefined)
    wrong('metadata.name', 'Required value: name or generateName is required')
  const pattern = LABEL_KINDS.has(kind) ? LABEL_NAME : NAME
  if (name !== '' && !FREE_NAMES.has(kind) && (!pattern.test(name) || name.length > 253)) {
    wrong(
      'metadata.name',
      `Invalid value: "${name}": a lowercase RFC 1123 name must consist of lower case alphanumeric characters, '-' or '.'`,
    )
  }
  if (kind === 'Pod') checkContainers(object.spec, 'spec', wrong)
  if (['Deployment', 'ReplicaSet', 'StatefulSet'].includes(kind)) {
    const { selector, template } = object.spec as {
      selector?: { matchLabels?: Record<string, string> }
      template: Fields
    }
    checkContainers(template.spec as Fields, 'spec.template.spec', wrong)
    const wanted = Object.entries(selector?.matchLabels ?? {})
    const labels = ((template.metadata as Fields).labels ?? {}) as Record<string, string>
    if (selector === undefined) wrong('spec.selector', 'Required value')
    if (wanted.some(([key, value]) => labels[key] !== value)) {
      wrong('spec.template.metadata.labels', 'Invalid value: `selector` does not match template `labels`')
    }
    if (old !== undefined && JSON.stringify(old.spec.selector) !== JSON.stringify(selector)) {
      wrong('spec.selector', 'Invalid value: field is immutable')
    }
  }
  if (kind === 'Pod' && old !== undefined) checkPodChange(object, old, wrong)
  if (kind === 'Service' && list(object.spec.ports).some(({ port }) => !Number.isInteger(port)))
    wrong('spec.ports', 'Required value: port')
  if (causes.length > 0) throw invalid(kind, name, causes)
}

/** Of a pod that runs only the images may change; ephemeral containers come by their subresource. */
function checkPodChange(object: Stored, old: Stored, wrong: (field: string, message: string) => void): void {
  const fixed = (pod: Stored): string => {
    const {
      nodeName: _node,
      ephemeralContainers: _ephemeral,
      tolerations: _tolerations,
      ...spec
    } = structuredClone(pod.spec)
    for (const container of list(spec.containers)) delete container.image
    return JSON.stringify(spec)
  }
  if (fixed(object) !== fixed(old))
    wrong('spec', 'Forbidden: pod updates may not change fields other than `spec.containers[*].image`')
}

function checkContainers(spec: Fields | undefined, at: string, wrong: (field: string, message: string) => void): void {
  const containers = list(spec?.containers)
  if (containers.length === 0) wrong(`${at}.containers`, 'Required value')
  containers.forEach(({ name, image }, index) => {
    if (typeof name !== 'string' || !LABEL_NAME.test(name))
      wrong(`${at}.containers[${index}].name`, `Invalid value: ${JSON.stringify(name)}`)
    if (typeof image !== 'string' || image === '') wrong(`${at}.containers[${index}].image`, 'Required value')
  })
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : []
}
