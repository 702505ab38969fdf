/** What Kubernetes fills in for objects of its own kinds, as far as controllers and people rely on it. */
import { invalid } from './status.ts'
import type { Store, Stored } from './store.ts'
import { type Fields, list } from './validate-fields.ts'

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
      object.spec ??= {}
      defaultPod(object.spec)
      object.status ??= { phase: 'Pending', qosClass: 'BestEffort' }
      break
    case 'Deployment':
      object.spec ??= {}
      defaultWorkload(object.spec)
      object.spec.strategy ??= { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }
      object.spec.revisionHistoryLimit ??= 10
      object.spec.progressDeadlineSeconds ??= 600
      object.status ??= {}
      break
    case 'ReplicaSet':
      object.spec ??= {}
      defaultWorkload(object.spec)
      object.status ??= { replicas: 0 }
      break
    case 'StatefulSet':
      object.spec ??= {}
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
      if (Array.isArray(object.spec?.versions))
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
  if (spec.type === 'ExternalName') return
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
