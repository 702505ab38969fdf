/** What Kubernetes refuses of objects of its own kinds, in its words, as far as people run into it. */
import { sameJson } from './same-json.ts'
import { invalid } from './status.ts'
import type { Stored } from './store.ts'
import { type Fields, list, type Wrong } from './validate-fields.ts'
import { validateMetadata } from './validate-metadata.ts'
import { validatePodChange, validatePodSpec } from './validate-pod.ts'

const DNS_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const SERVICE_TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']

/** @param old what it replaces. Throws 422 with all that is wrong. */
export function validate(object: Stored, old: Stored | undefined): void {
  const { kind, metadata } = object
  const causes: { field: string; message: string }[] = []
  const wrong: Wrong = (field, message) => void causes.push({ field, message })
  validateMetadata(object, wrong)
  const check = CHECKS[kind]
  check?.(object, old, wrong)
  if (causes.length > 0) throw invalid(kind, metadata.name ?? '', causes)
}

type Check = (object: Stored, old: Stored | undefined, wrong: Wrong) => void

const CHECKS: Record<string, Check> = {
  Pod(object, old, wrong) {
    validatePodSpec(object.spec, 'spec', wrong)
    if (old !== undefined) validatePodChange(object, old, wrong)
  },
  Deployment: validateWorkload,
  ReplicaSet: validateWorkload,
  StatefulSet: validateWorkload,
  Service: validateService,
  ConfigMap: validateImmutable,
  Secret(object, old, wrong) {
    validateImmutable(object, old, wrong)
    if (old !== undefined && old.type !== object.type) wrong('type', 'Invalid value: field is immutable')
    for (const [key, value] of Object.entries((object.data ?? {}) as Fields)) {
      if (typeof value !== 'string' || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value))
        wrong(`data.${key}`, 'Invalid value: not base64')
    }
  },
  RoleBinding: validateBinding,
  ClusterRoleBinding: validateBinding,
  CustomResourceDefinition: validateDefinition,
}

function validateWorkload({ spec, kind }: Stored, old: Stored | undefined, wrong: Wrong): void {
  const { selector, template, replicas } = spec as { selector?: Fields; template: Fields; replicas: unknown }
  if (!Number.isInteger(replicas) || Number(replicas) < 0)
    wrong('spec.replicas', `Invalid value: ${replicas}: must be greater than or equal to 0`)
  validatePodSpec(template.spec as Fields, 'spec.template.spec', wrong)
  const { restartPolicy } = template.spec as Fields
  if (restartPolicy !== 'Always')
    wrong('spec.template.spec.restartPolicy', `Unsupported value: "${restartPolicy}": supported values: "Always"`)
  if (selector === undefined) wrong('spec.selector', 'Required value')
  const wanted = Object.entries((selector?.matchLabels ?? {}) as Fields)
  const labels = ((template.metadata as Fields).labels ?? {}) as Fields
  if (selector !== undefined && wanted.length === 0 && list(selector.matchExpressions).length === 0)
    wrong('spec.selector', `Invalid value: {}: empty selector is invalid for ${kind.toLowerCase()}`)
  if (wanted.some(([key, value]) => labels[key] !== value))
    wrong('spec.template.metadata.labels', 'Invalid value: `selector` does not match template `labels`')
  if (old !== undefined && !sameJson(old.spec.selector, selector))
    wrong('spec.selector', 'Invalid value: field is immutable')
}

function validateService({ spec }: Stored, old: Stored | undefined, wrong: Wrong): void {
  const { type, clusterIP } = spec as { type: string; clusterIP?: string }
  const ports = list(spec.ports)
  if (!SERVICE_TYPES.includes(type))
    wrong(
      'spec.type',
      `Unsupported value: "${type}": supported values: ${SERVICE_TYPES.map((one) => `"${one}"`).join(', ')}`,
    )
  if (ports.length === 0 && type !== 'ExternalName' && clusterIP !== 'None') wrong('spec.ports', 'Required value')
  if (type === 'ExternalName' && typeof spec.externalName !== 'string') wrong('spec.externalName', 'Required value')
  const seen = new Set<unknown>()
  ports.forEach(({ name, port }, index) => {
    const at = `spec.ports[${index}]`
    if (!isPort(port)) wrong(`${at}.port`, `Invalid value: ${port}: must be between 1 and 65535, inclusive`)
    if (name === undefined && ports.length > 1) wrong(`${at}.name`, 'Required value')
    if (name !== undefined && seen.has(name)) wrong(`${at}.name`, `Duplicate value: "${name}"`)
    seen.add(name)
  })
  const before = old?.spec.clusterIP
  if (before !== undefined && old?.spec.type !== 'ExternalName' && type !== 'ExternalName' && clusterIP !== before)
    wrong('spec.clusterIP', `Invalid value: "${clusterIP}": field is immutable`)
}

function isPort(port: unknown): boolean {
  return Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536
}

function validateImmutable(object: Stored, old: Stored | undefined, wrong: Wrong): void {
  if (old?.immutable !== true) return
  for (const field of ['data', 'binaryData']) {
    if (!sameJson(object[field], old[field])) wrong(field, 'Forbidden: field is immutable when `immutable` is set')
  }
  if (object.immutable !== true) wrong('immutable', 'Forbidden: field is immutable when `immutable` is set')
}

function validateBinding({ kind, roleRef, subjects }: Stored, old: Stored | undefined, wrong: Wrong): void {
  const { kind: of, name } = (roleRef ?? {}) as Fields
  const allowed = kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (typeof of !== 'string' || !allowed.includes(of))
    wrong(
      'roleRef.kind',
      `Unsupported value: "${of ?? ''}": supported values: ${allowed.map((one) => `"${one}"`).join(', ')}`,
    )
  if (typeof name !== 'string' || name === '') wrong('roleRef.name', 'Required value')
  list(subjects).forEach((subject, index) => {
    if (!['User', 'Group', 'ServiceAccount'].includes(String(subject.kind)))
      wrong(
        `subjects[${index}].kind`,
        `Unsupported value: "${subject.kind ?? ''}": supported values: "ServiceAccount", "User", "Group"`,
      )
    if (typeof subject.name !== 'string' || subject.name === '') wrong(`subjects[${index}].name`, 'Required value')
    if (subject.kind === 'ServiceAccount' && kind === 'ClusterRoleBinding' && typeof subject.namespace !== 'string')
      wrong(`subjects[${index}].namespace`, 'Required value')
  })
  if (old !== undefined && !sameJson(old.roleRef, roleRef))
    wrong('roleRef', `Invalid value: ${JSON.stringify(roleRef)}: cannot change roleRef`)
}

function validateDefinition({ metadata, spec }: Stored, old: Stored | undefined, wrong: Wrong): void {
  const { group, scope, names, versions } = (spec ?? {}) as Fields
  const { plural, kind } = (names ?? {}) as Fields
  if (typeof group !== 'string' || group === '') wrong('spec.group', 'Required value')
  if (typeof plural !== 'string' || !DNS_LABEL.test(plural)) wrong('spec.names.plural', 'Required value')
  if (typeof kind !== 'string' || kind === '') wrong('spec.names.kind', 'Required value')
  if (metadata.name !== `${plural}.${group}`)
    wrong('metadata.name', `Invalid value: "${metadata.name}": must be spec.names.plural+"."+spec.group`)
  if (scope !== 'Namespaced' && scope !== 'Cluster')
    wrong('spec.scope', `Unsupported value: "${scope ?? ''}": supported values: "Cluster", "Namespaced"`)
  const stored = list(versions).filter(({ storage }) => storage === true)
  if (stored.length !== 1)
    wrong('spec.versions', 'Invalid value: must have exactly one version marked as storage version')
  list(versions).forEach(({ name, schema }, index) => {
    if (typeof name !== 'string' || name === '') wrong(`spec.versions[${index}].name`, 'Required value')
    if ((schema as Fields | undefined)?.openAPIV3Schema === undefined)
      wrong(`spec.versions[${index}].schema.openAPIV3Schema`, 'Required value: schemas are required')
  })
  if (old === undefined) return
  for (const field of ['group', 'scope']) {
    if (old.spec[field] !== spec[field]) wrong(`spec.${field}`, 'Invalid value: field is immutable')
  }
}
