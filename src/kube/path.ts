/** Addresses of objects in the Kubernetes API: from what a person would say to the URL's path. */

export interface ObjectPath {
  /** `v1`, `apps/v1`, `remocal.dev/v1alpha1`. */
  apiVersion: string
  kind: string
  /** Undefined: a cluster-scoped object, or a list over all namespaces. */
  namespace?: string | undefined
  name?: string | undefined
  /** `status`, `ephemeralcontainers`, `log`. */
  subresource?: string | undefined
}

/** The resource's plural name in URLs and RBAC rules, by Kubernetes' own rule. */
export function pluralOf(kind: string): string {
  const name = kind.toLowerCase()
  if (name === 'endpoints') return name
  if (/(s|x|ch|sh)$/.test(name)) return `${name}es`
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`
  return `${name}s`
}

/** The group of an apiVersion; the empty string for the core group. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

/** The URL's path, encoded. */
export function urlPath({ apiVersion, kind, namespace, name, subresource }: ObjectPath): string {
  const parts = [apiVersion.includes('/') ? '/apis' : '/api', ...apiVersion.split('/')]
  if (namespace !== undefined && kind !== 'Namespace') parts.push('namespaces', encodeURIComponent(namespace))
  parts.push(pluralOf(kind))
  if (name !== undefined) parts.push(encodeURIComponent(name))
  if (subresource !== undefined) parts.push(subresource)
  return parts.join('/')
}

/** How RBAC and `kubectl auth can-i` name the resource: `pods/log`, `intercepts.remocal.dev/status`. */
export function resourceOf({ apiVersion, kind, subresource }: ObjectPath): string {
  const group = groupOf(apiVersion)
  return `${pluralOf(kind)}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
}

/** For sentences: `intercepts.remocal.dev "orders" in namespace shop`. */
export function describePath(path: ObjectPath): string {
  const name = path.name === undefined ? '' : ` "${path.name}"`
  return `${resourceOf(path)}${name}${path.namespace === undefined ? '' : ` in namespace ${path.namespace}`}`
}
