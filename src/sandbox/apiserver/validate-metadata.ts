/** Names, labels and annotations: the rules that all kinds share. */
import type { Stored } from './store.ts'
import type { Fields, Wrong } from './validate-fields.ts'

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const QUALIFIED = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/
/** RBAC allows `system:auth-delegator`. */
const FREE_NAMES = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'])

export function validateMetadata({ kind, metadata }: Stored, wrong: Wrong): void {
  const { name, generateName } = metadata as { name?: unknown; generateName?: unknown }
  if (name === undefined || name === '') {
    if (typeof generateName !== 'string' || generateName === '')
      wrong('metadata.name', 'Required value: name or generateName is required')
  } else if (typeof name !== 'string') wrong('metadata.name', 'Invalid value: must be a string')
  else {
    const why = refusalOf(kind, name)
    if (why !== undefined) wrong('metadata.name', `Invalid value: "${name}": ${why}`)
  }
  for (const field of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries((metadata[field] ?? {}) as Fields)) {
      const at = `metadata.${field}`
      const bare = key.slice(key.indexOf('/') + 1)
      if (!QUALIFIED.test(key.toLowerCase()) || bare.length > 63)
        wrong(at, `Invalid value: "${key}": not a qualified name`)
      if (typeof value !== 'string') wrong(`${at}.${key}`, 'Invalid value: must be a string')
      else if (field === 'labels' && !LABEL_VALUE.test(value))
        wrong(
          at,
          `Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
        )
    }
  }
}

function refusalOf(kind: string, name: string): string | undefined {
  if (FREE_NAMES.has(kind))
    return /[/%]/.test(name) || name === '.' || name === '..' ? "may not contain '/' or '%'" : undefined
  if (kind === 'Service')
    return LABEL_1035.test(name) && name.length <= 63
      ? undefined
      : "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
  if (kind === 'Namespace')
    return LABEL.test(name) && name.length <= 63
      ? undefined
      : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
  return SUBDOMAIN.test(name) && name.length <= 253
    ? undefined
    : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
}
