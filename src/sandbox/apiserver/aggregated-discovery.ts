/** All kinds in one document (apidiscovery.k8s.io/v2): two requests of a client instead of one a group. */
import { kindOfSubresource, VERBS } from './discovery.ts'
import { ABSENT, type Resource, type Resources } from './resources.ts'

export const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** Undefined for paths that have no such document. */
export function aggregatedDiscovery(path: string, resources: Resources): object | undefined {
  if (path !== '/api' && path !== '/apis') return undefined
  const all = [...resources.all(), ...ABSENT].filter(({ group }) => (group === '') === (path === '/api'))
  const groups = [...Map.groupBy(all, ({ group }) => group)].map(([name, ofGroup]) => ({
    metadata: name === '' ? {} : { name },
    versions: [...Map.groupBy(ofGroup, ({ version }) => version)].map(([version, ofVersion]) => ({
      version,
      resources: ofVersion.map(describe),
      freshness: 'Current',
    })),
  }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items: groups }
}

function describe({ group, version, plural, kind, namespaced, ...resource }: Resource): object {
  const { shortNames, categories, stored, subresources } = resource
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs: stored ? VERBS : ['create'],
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories !== undefined && { categories }),
    subresources: subresources.map((name) => {
      const own = kindOfSubresource(name, kind)
      return {
        subresource: name,
        responseKind: { group: own.group ?? group, version: own.version ?? version, kind: own.kind },
        verbs: ['get', 'patch', 'update', 'create'],
      }
    }),
  }
}
