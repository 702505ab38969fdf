import type { StatusResult } from '../../lib/daemon-api.ts'
import { byTurn } from '../../lib/filter/precedence.ts'
import type { Attachment } from '../attachment/attachment.ts'
import { Copies } from '../copies/copies.ts'
import { shortName } from '../workload.ts'
import type { CallContext } from './context.ts'

interface StatusRequest {
  context?: string
  namespace?: string
}

type Shown = StatusResult['clusters'][number]['attachments'][number]

export function status({ clusters }: CallContext, { context, namespace }: StatusRequest): StatusResult['clusters'] {
  return [...clusters].flatMap((cluster) => {
    if (!cluster.isWanted || (context !== undefined && cluster.contextName !== context)) return []
    const shown = [...cluster.attachments].filter((one) => namespace === undefined || one.namespace === namespace)
    const { user, mark } = cluster.joined()
    const { carrier, trouble } = cluster
    return [
      {
        context: cluster.contextName,
        user,
        mark,
        state: cluster.state,
        ...(trouble !== undefined && { message: trouble }),
        manager: carrier?.pod ?? '',
        managerVersion: carrier?.session.hello.version ?? '',
        ...(carrier !== undefined && { link: carrier.kind }),
        rttMs: carrier?.session.rttMs ?? 0,
        attachments: inTurn(shown).map((one) => ({
          name: one.name,
          namespace: one.namespace,
          workload: shortName(one.workload),
          mode: one.spec.mode,
          filter: one.spec.filter,
          filtered: one.filtered.counts,
          priority: one.spec.priority,
          ifDown: one.spec.ifDown ?? 'app',
          ...wiretapOf(one),
          ports: one.ports.map(({ port, target }) => ({ port, target })),
          since: one.since,
          agents: one.agents,
        })),
      },
    ]
  })
}

/** Workloads as they were attached to, each with who is asked first at its beginning. */
function inTurn(shown: Attachment[]): Attachment[] {
  const byWorkload = Map.groupBy(shown, ({ namespace, workload }) => `${namespace} ${shortName(workload)}`)
  const turnOf = ({ name, since, spec: { mode, filter, priority = 0 } }: Attachment): Parameters<typeof byTurn>[0] => ({
    ...{ name, since, mode, filter, priority },
  })
  return [...byWorkload.values()].flatMap((all) => all.sort((a, b) => byTurn(turnOf(a), turnOf(b))))
}

function wiretapOf({ spec: { wiretap }, taker }: Attachment): Pick<Shown, 'wiretap'> {
  return wiretap !== undefined && taker instanceof Copies ? { wiretap: { ...wiretap, ...taker.counts } } : {}
}
