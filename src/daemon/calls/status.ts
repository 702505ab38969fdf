import type { StatusResult } from '../../lib/daemon-api.ts'
import { shortName } from '../workload.ts'
import type { CallContext } from './context.ts'

interface StatusRequest {
  context?: string
  namespace?: string
}

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
        attachments: shown.map((one) => ({
          namespace: one.namespace,
          workload: shortName(one.workload),
          filter: one.filter,
          ports: one.ports.map(({ port, target }) => ({ port, target })),
          since: one.since,
          agents: one.agents,
        })),
      },
    ]
  })
}
