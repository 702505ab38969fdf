/** Verbs that attachments need beside that for their requests: asked before anything is made, so that whoever lacks one is told in words. */
import { fault } from '../../diagnose/catalogue.ts'
import { GROUP, type Intercept, VERSION } from '../../kube/resources.ts'
import type { Extra } from '../../kube/rights.ts'
import type { Fault } from '../../lib/fault.ts'
import type { Cluster } from '../cluster.ts'
import { shortName, type Workload } from '../workload.ts'

export interface Asker {
  client: Pick<Cluster['client'], 'mayI'>
  joined: { user: string }
}

const WITHOUT: Record<Extra, string> = {
  tls: 'nobody looks into TLS',
  reopen: 'nobody ends the connections of others (--reopen)',
}

/** Whether the user has a verb on the workload. Rejects when that cannot be asked. */
export async function hasVerb(
  { client }: Asker,
  verb: Extra,
  { namespace, name }: Workload,
  signal: AbortSignal,
): Promise<boolean> {
  const path = { apiVersion: `${GROUP}/${VERSION}`, kind: 'Workload', namespace, name }
  return (await client.mayI(verb, path, { signal })).allowed
}

/** RC-C-118: the user has not got it. */
export function lacksVerb(
  { joined: { user } }: Asker,
  verb: Extra,
  mode: Intercept['spec']['mode'],
  workload: Workload,
): Fault {
  const { name, namespace } = workload
  return fault(
    'RC-C-118',
    `Cannot ${mode} ${shortName(workload)}: ${user} lacks the verb "${verb}" on workloads.${GROUP}/${name} in namespace ${namespace}, without which ${WITHOUT[verb]}. Nothing was changed.`,
    [`kubectl auth can-i ${verb} workloads.${GROUP}/${name} -n ${namespace}`],
  )
}
