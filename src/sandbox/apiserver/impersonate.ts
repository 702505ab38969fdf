/** Who may act as somebody else: `kubectl --as anna --as-group devs`. */
import type { IncomingMessage } from 'node:http'
import type { Attributes, Rbac, User } from './rbac.ts'
import { refusal } from './route.ts'
import { badRequest, forbidden } from './status.ts'

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/

/** The user that the request is answered as. Throws 400 and 403. */
export function impersonated(user: User, { headersDistinct: headers }: IncomingMessage, rbac: Rbac): User {
  const [name] = headers['impersonate-user'] ?? []
  const groups = headers['impersonate-group'] ?? []
  const [uid] = headers['impersonate-uid'] ?? []
  if (name === undefined) {
    if (groups.length === 0 && uid === undefined) return user
    throw badRequest('the request impersonates groups or a uid without a user')
  }
  const [, namespace, account] = ACCOUNT.exec(name) ?? []
  const asked: Attributes[] = [
    namespace === undefined || account === undefined
      ? { verb: 'impersonate', group: '', resource: 'users', name }
      : { verb: 'impersonate', group: '', resource: 'serviceaccounts', namespace, name: account },
    ...groups.map((group) => ({ verb: 'impersonate', group: '', resource: 'groups', name: group })),
    ...(uid === undefined
      ? []
      : [{ verb: 'impersonate', group: 'authentication.k8s.io', resource: 'uids', name: uid }]),
  ]
  for (const attributes of asked) {
    if (!rbac.allowed(user, attributes)) throw forbidden(refusal(user.name, attributes))
  }
  const implied =
    namespace !== undefined && groups.length === 0
      ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
      : []
  const authenticated = name === 'system:anonymous' ? [] : ['system:authenticated']
  return { name, groups: [...new Set([...groups, ...implied, ...authenticated])], ...(uid !== undefined && { uid }) }
}
