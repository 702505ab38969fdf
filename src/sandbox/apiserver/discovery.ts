/** What there is: versions, groups, resources, and as much OpenAPI as makes kubectl leave validation to the server. */
import { ABSENT, type Resource, type Resources } from './resources.ts'

export const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
export const KUBERNETES_VERSION = 'v1.35.0-remocal.sandbox'

/** The document of a path, or undefined when there is none. */
export function discover(path: string, resources: Resources): object | undefined {
  const all = [...resources.all(), ...ABSENT]
  if (path === '/version') {
    return {
      major: '1',
      minor: '35',
      gitVersion: KUBERNETES_VERSION,
      gitCommit: '',
      gitTreeState: 'clean',
      platform: 'linux',
    }
  }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(all) }
  if (path === '/openapi/v3') return openApiIndex(all)
  const schema = /^\/openapi\/v3\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path)
  if (schema !== null) return openApi(ofVersion(all, schema[1] ?? '', schema[2] ?? ''))
  const match = /^\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path)
  if (match === null) {
    const group = groupsOf(all).find(({ name }) => path === `/apis/${name}`)
    return group === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...group }
  }
  const [, group = '', version = ''] = match
  const found = ofVersion(all, group, version)
  if (found.length === 0) return undefined
  const groupVersion = group === '' ? version : `${group}/${version}`
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: found.flatMap(describe) }
}

function ofVersion(all: Resource[], group: string, version: string): Resource[] {
  return all.filter((one) => one.group === group && one.version === version)
}

export function groupsOf(
  all: Resource[],
): { name: string; versions: object[]; preferredVersion: object | undefined }[] {
  const names = [...new Set(all.map(({ group }) => group).filter((group) => group !== ''))]
  return names.map((name) => {
    const versions = [...new Set(all.filter(({ group }) => group === name).map(({ version }) => version))].map(
      (version) => ({
        groupVersion: `${name}/${version}`,
        version,
      }),
    )
    return { name, versions, preferredVersion: versions[0] }
  })
}

function describe(resource: Resource): object[] {
  const { plural, kind, namespaced, shortNames, categories, subresources, stored } = resource
  const main = {
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: stored ? VERBS : ['create'],
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories !== undefined && { categories }),
  }
  const parts = subresources.map((name) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...kindOfSubresource(name, kind),
    verbs: ['get', 'patch', 'update', 'create'],
  }))
  return [main, ...parts]
}

/** Some subresources are objects of a kind of their own. */
export function kindOfSubresource(name: string, kind: string): { kind: string; group?: string; version?: string } {
  if (name === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' }
  if (name === 'token') return { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
  if (name === 'eviction') return { group: 'policy', version: 'v1', kind: 'Eviction' }
  return { kind }
}

function openApiIndex(all: Resource[]): object {
  const paths = new Set(all.map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)))
  return { paths: Object.fromEntries([...paths].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])) }
}

/** That PATCH knows `fieldValidation` is all that kubectl looks for before it sends objects unchecked. */
function openApi(resources: Resource[]): object {
  const parameters = ['fieldValidation', 'dryRun', 'fieldManager'].map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string' },
  }))
  const paths = resources.map(({ group, version, kind, plural, namespaced }) => {
    const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const path = `${root}/${namespaced ? 'namespaces/{namespace}/' : ''}${plural}/{name}`
    return [path, { patch: { parameters, 'x-kubernetes-group-version-kind': { group, version, kind }, responses: {} } }]
  })
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(resources.flatMap(schemaOf)) },
  }
}

/** Only of custom resources: half a schema of Kubernetes' own kinds would mislead those who merge by it. */
function schemaOf({ group, version, kind, definition }: Resource): [string, object][] {
  if (definition === undefined) return []
  const { properties = {}, ...rest } = definition.schema
  const schema = {
    ...rest,
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', description: 'Name, labels, annotations.' },
      ...properties,
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  }
  return [[`${group.split('.').reverse().join('.')}.${version}.${kind}`, schema]]
}
