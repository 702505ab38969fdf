/** Kinds that are questions: who am I, may I, may they. */
import type { Attributes, Rbac, User } from './rbac.ts'
import type { Stored } from './store.ts'

interface ReviewSpec {
  user?: string
  groups?: string[]
  namespace?: string
  resourceAttributes?: {
    verb?: string
    group?: string
    resource?: string
    subresource?: string
    namespace?: string
    name?: string
  }
  nonResourceAttributes?: { path?: string; verb?: string }
}

/** The same object with its `status`. */
export function review(question: Stored, asker: User, rbac: Rbac): object {
  const spec = (question.spec ?? {}) as ReviewSpec
  switch (question.kind) {
    case 'SelfSubjectReview':
      return {
        ...question,
        status: {
          userInfo: { username: asker.name, groups: asker.groups, ...(asker.uid !== undefined && { uid: asker.uid }) },
        },
      }
    case 'SelfSubjectRulesReview': {
      const rules = rbac.rulesOf(asker, spec.namespace ?? 'default')
      const nonResourceRules = rules
        .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
        .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }))
      const resourceRules = rules.filter(({ resources = [] }) => resources.length > 0)
      return { ...question, status: { resourceRules, nonResourceRules, incomplete: false } }
    }
    case 'SubjectAccessReview':
      return answer(question, { name: spec.user ?? '', groups: spec.groups ?? [] }, spec, rbac)
    default:
      return answer(question, asker, spec, rbac)
  }
}

function answer(question: Stored, user: User, spec: ReviewSpec, rbac: Rbac): object {
  const allowed = rbac.allowed(user, attributesOf(spec))
  return { ...question, status: { allowed, reason: allowed ? 'allowed by RBAC' : '' } }
}

function attributesOf({ resourceAttributes: asked, nonResourceAttributes: path }: ReviewSpec): Attributes {
  if (path !== undefined) return { verb: path.verb ?? 'get', group: '', resource: '', path: path.path ?? '/' }
  const { verb = '', group = '', resource = '', subresource, namespace, name } = asked ?? {}
  return {
    verb,
    group,
    resource,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    ...(name && { name }),
  }
}
