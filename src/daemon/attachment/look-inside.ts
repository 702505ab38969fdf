/** Whether an attachment may look into TLS connections: a right of its own (`tls` on the workload). */
import { fault } from '../../diagnose/catalogue.ts'
import { GROUP, type Intercept, VERSION } from '../../kube/resources.ts'
import type { TlsRequest } from '../../lib/daemon-api.ts'
import type { Cluster } from '../cluster.ts'
import { shortName, type Workload } from '../workload.ts'

/**
 * What an attachment asks for: with the right all there is to see, whatever the app speaks.
 * @param asked what its user said about TLS
 * @returns undefined without the right. Rejects with RC-C-118 when the user asked for something that needs it.
 */
export async function lookInside(
  { client, joined }: Pick<Cluster, 'client'> & { joined: { user: string } },
  mode: Intercept['spec']['mode'],
  workload: Workload,
  asked: TlsRequest | undefined,
  signal: AbortSignal,
): Promise<Intercept['spec']['tls'] | undefined> {
  const { name, namespace } = workload
  const path = { apiVersion: `${GROUP}/${VERSION}`, kind: 'Workload', namespace, name }
  const review = await client.mayI('tls', path, { signal }).catch((error: unknown) => {
    if (signal.aborted || asked !== undefined) throw error
    return { allowed: false }
  })
  if (review.allowed) return asked ?? {}
  if (asked === undefined) return undefined
  throw fault(
    'RC-C-118',
    `Cannot ${mode} ${shortName(workload)}: ${joined.user} lacks the verb "tls" on workloads.${GROUP}/${name} in namespace ${namespace}, without which nobody looks into TLS. Nothing was changed.`,
    [`kubectl auth can-i tls workloads.${GROUP}/${name} -n ${namespace}`],
  )
}
