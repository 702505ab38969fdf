/** Who may do what: roles and bindings, evaluated as Kubernetes does. */
import type { Store, Stored } from './store.ts'

export interface User {
  name: string
  groups: string[]
  uid?: string
}

export interface Attributes {
  verb: string
  group: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
  /** Instead of a resource: a path such as `/version`. */
  path?: string
}

export interface Rule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

const RBAC = 'rbac.authorization.k8s.io'
/** Paths that everybody who is known may read. */
const PUBLIC_PATHS = /^\/(version|healthz|livez|readyz|api|apis|openapi)(\/|$)/

export class Rbac {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  allowed(user: User, attributes: Attributes): boolean {
    if (user.groups.includes('system:masters')) return true
    if (attributes.path !== undefined && attributes.verb === 'get' && PUBLIC_PATHS.test(attributes.path)) return true
    return this.rulesOf(user, attributes.namespace).some((rule) => covers(rule, attributes))
  }

  /** All rules that a user has in a namespace (undefined: everywhere). */
  rulesOf(user: User, namespace?: string): Rule[] {
    const everywhere = this.#store
      .list(`clusterrolebindings.${RBAC}`)
      .filter((binding) => names(binding, user, undefined))
    const rules = everywhere.flatMap((binding) => this.#rules(binding, undefined))
    if (namespace === undefined) return rules
    const here = this.#store
      .list(`rolebindings.${RBAC}`, namespace)
      .filter((binding) => names(binding, user, namespace))
    return [...rules, ...here.flatMap((binding) => this.#rules(binding, namespace))]
  }

  #rules({ roleRef }: Stored, namespace: string | undefined): Rule[] {
    const { kind, name } = roleRef as { kind: string; name: string }
    const role =
      kind === 'ClusterRole'
        ? this.#store.find(`clusterroles.${RBAC}`, undefined, name)
        : this.#store.find(`roles.${RBAC}`, namespace, name)
    return (role?.rules ?? []) as Rule[]
  }
}

function names({ subjects = [] }: Stored, user: User, namespace: string | undefined): boolean {
  return (subjects as { kind: string; name: string; namespace?: string }[]).some((subject) => {
    if (subject.kind === 'User') return subject.name === user.name
    if (subject.kind === 'Group') return user.groups.includes(subject.name)
    return user.name === `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`
  })
}

function covers(rule: Rule, asked: Attributes): boolean {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  if (asked.path !== undefined) return has(verbs, asked.verb) && nonResourceURLs.some(matchesPath(asked.path))
  const resource = asked.subresource === undefined ? asked.resource : `${asked.resource}/${asked.subresource}`
  return (
    has(verbs, asked.verb) &&
    has(apiGroups, asked.group) &&
    (has(resources, resource) || resources.includes(`*/${asked.subresource}`)) &&
    (resourceNames.length === 0 || (asked.name !== undefined && resourceNames.includes(asked.name)))
  )
}

/** `/metrics`, or `/debug/*` for all below. */
function matchesPath(path: string): (pattern: string) => boolean {
  return (pattern) => pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}

function has(list: string[], value: string): boolean {
  return list.includes('*') || list.includes(value)
}
