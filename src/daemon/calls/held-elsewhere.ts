import { fault } from '../../diagnose/catalogue.ts'
import { VERSION as API_VERSION, GROUP, type Intercept } from '../../kube/resources.ts'
import type { Fault } from '../../lib/fault.ts'
import type { Cluster } from '../cluster.ts'
import { isNamed } from '../workload.ts'

/**
 * @param namespace undefined: the context's
 * @param typed a workload, or the name of an attachment
 * @returns RC-I-209 when the same person holds it on another laptop: this daemon cannot end it
 */
export async function heldElsewhere(
  cluster: Pick<Cluster, 'client' | 'namespace' | 'state' | 'joined'>,
  namespace: string | undefined,
  typed: string,
): Promise<Fault | undefined> {
  if (cluster.state !== 'connected') return undefined
  const { user, session } = cluster.joined()
  const path = { apiVersion: `${GROUP}/${API_VERSION}`, kind: 'Intercept', namespace: namespace ?? cluster.namespace }
  // It only explains; who may not look is told the rest.
  const { items } = await cluster.client.list<Intercept>(path).catch(() => ({ items: [] }))
  const theirs = items.filter(
    ({ metadata, spec }) =>
      spec.owner === user &&
      spec.session !== session &&
      metadata.deletionTimestamp === undefined &&
      (metadata.name === typed || isNamed(spec.workload, typed)),
  )
  const names = theirs.map(({ metadata }) => metadata.name)
  if (names.length === 0) return undefined
  return fault(
    'RC-I-209',
    `Cannot leave ${typed}: you hold it on another laptop (${names.join(', ')}). Nothing was changed.`,
    names.flatMap((name) => [
      `there: remocal leave ${name}`,
      `or from here: kubectl delete intercepts.${GROUP} ${name} -n ${path.namespace}`,
    ]),
  )
}
