/** Whether an attachment may look into TLS connections: a right of its own (`tls` on the workload). */
import type { Intercept } from '../../kube/resources.ts'
import type { TlsRequest } from '../../lib/daemon-api.ts'
import type { Workload } from '../workload.ts'
import { type Asker, hasVerb, lacksVerb } from './lacks-verb.ts'

/**
 * What an attachment asks for: with the right all there is to see, whatever the app speaks.
 * @param asked what its user said about TLS
 * @returns undefined without the right. Rejects with RC-C-118 when the user asked for something that needs it.
 */
export async function lookInside(
  who: Asker,
  mode: Intercept['spec']['mode'],
  workload: Workload,
  asked: TlsRequest | undefined,
  signal: AbortSignal,
): Promise<Intercept['spec']['tls'] | undefined> {
  const may = await hasVerb(who, 'tls', workload, signal).catch((error: unknown) => {
    if (signal.aborted || asked !== undefined) throw error
    return false
  })
  if (may) return asked ?? {}
  if (asked === undefined) return undefined
  throw lacksVerb(who, 'tls', mode, workload)
}
