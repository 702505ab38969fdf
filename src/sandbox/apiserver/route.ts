/** From a request's URL to what it asks. */
import type { Attributes } from './rbac.ts'
import type { Resource, Resources } from './resources.ts'
import { ABSENT, ABSENT_GROUPS } from './resources.ts'
import { notImplemented, StatusError } from './status.ts'

export interface Route {
  resource: Resource
  verb: string
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
}

const PATH = /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>[^/]+)\/(?<rest>.+)$/
const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' }

/** Undefined for paths that are no resource's. Throws 404, or 501 for what a real cluster would have. */
export function routeOf(method: string, url: URL, resources: Resources): Route | undefined {
  const groups = PATH.exec(url.pathname)?.groups
  if (groups === undefined) return undefined
  const { group = '', version = '', rest = '' } = groups
  const parts = rest
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  let namespace: string | undefined
  // `namespaces/x/pods` is in a namespace; `namespaces/x` and `namespaces/x/status` are the namespace itself.
  if (parts[0] === 'namespaces' && parts.length > 2 && parts[2] !== 'status' && parts[2] !== 'finalize') {
    namespace = parts[1]
    parts.splice(0, 2)
  }
  const [plural = '', name, ...sub] = parts
  const resource = resources.find(group, version, plural)
  if (resource === undefined) {
    if (ABSENT_GROUPS.has(group) || ABSENT.some((one) => one.group === group && one.plural === plural)) {
      throw notImplemented(`${plural}${group === '' ? '' : `.${group}`}`)
    }
    throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
  }
  const subresource = sub.length === 0 ? undefined : sub.join('/')
  if (subresource !== undefined && !resource.subresources.includes(subresource)) {
    throw new StatusError(
      404,
      'NotFound',
      `the server could not find the requested resource (${resource.key}/${subresource})`,
    )
  }
  return { resource, verb: verbOf(method, url, name), namespace, name, subresource }
}

function verbOf(method: string, url: URL, name: string | undefined): string {
  if (method === 'GET' || method === 'HEAD') {
    if (['true', '1'].includes(url.searchParams.get('watch') ?? '')) return 'watch'
    return name === undefined ? 'list' : 'get'
  }
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete'
  const verb = VERBS[method]
  if (verb === undefined) throw new StatusError(405, 'MethodNotAllowed', `the method ${method} is not allowed`)
  return verb
}

/** @param url for a list or watch of one name, which counts as of that name */
export function attributesOf(route: Route, url?: URL): Attributes {
  const { resource, verb, namespace, subresource } = route
  const selected = /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/.exec(url?.searchParams.get('fieldSelector') ?? '')?.[1]
  const name = route.name ?? (['list', 'watch', 'deletecollection'].includes(verb) ? selected : undefined)
  return {
    verb,
    group: resource.group,
    resource: resource.plural,
    // Kubernetes counts a namespace object as being in itself.
    ...(resource.kind === 'Namespace' && name !== undefined
      ? { namespace: name }
      : namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  }
}

/** As Kubernetes words it. */
export function refusal(
  user: string,
  { verb, group, resource, subresource, namespace, name, path }: Attributes,
): string {
  if (path !== undefined) return `User "${user}" cannot ${verb} path "${path}"`
  const what = subresource === undefined ? resource : `${resource}/${subresource}`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const subject = name === undefined ? '' : ` "${name}"`
  return `${resource}${group === '' ? '' : `.${group}`}${subject} is forbidden: User "${user}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`
}
