/** Which workloads are watched, and at which ports. */
import { fault } from '../../diagnose/catalogue.ts'
import type { InterceptPort } from '../../kube/resources.ts'
import { portsOf, type ServiceView } from '../ports.ts'
import { resolveWorkload, shortName, type Workload } from '../workload.ts'

/** Each of them gets an attachment, and each of its pods an agent. */
export const MOST_WORKLOADS = 32
/** As many as an attachment may have. */
const MOST_PORTS = 32

export interface Chosen {
  workload: Workload
  ports: InterceptPort[]
}

export interface Choice {
  chosen: Chosen[]
  /** Behind a Service too, and not watched. */
  left: { workload: string; why: string }[]
}

/**
 * @param through as typed; empty: all workloads that a Service leads to and that have a pod that is ready
 * Throws RC-I-201 and RC-I-203 for names, RC-I-206 for a workload without ports, RC-I-214 when there are none, or too many.
 */
export function choose(through: string[], namespace: string, workloads: Workload[], services: ServiceView[]): Choice {
  if (through.length > 0) {
    const named = new Map(
      through.map((typed) => resolveWorkload(typed, namespace, workloads)).map((one) => [shortName(one), one]),
    )
    if (named.size > MOST_WORKLOADS) throw tooMany(named.size, 'are named', namespace)
    return {
      chosen: [...named.values()].map((workload) => ({ workload, ports: portsFor(workload, services) })),
      left: [],
    }
  }
  const behind = workloads.filter((workload) => reached(workload, services).length > 0)
  const ready = behind.filter((workload) => workload.ready > 0)
  if (ready.length === 0) {
    const why =
      behind.length === 0 ? 'no Service leads to a workload' : 'no workload behind a Service has a pod that is ready'
    throw fault('RC-I-214', `There is nothing to watch in namespace ${namespace}: ${why}. Nothing was changed.`, [
      `remocal list -n ${namespace}`,
    ])
  }
  if (ready.length > MOST_WORKLOADS) throw tooMany(ready.length, 'are behind Services', namespace)
  return {
    chosen: ready.map((workload) => ({ workload, ports: portsFor(workload, services) })),
    left: behind
      .filter((workload) => workload.ready === 0)
      .map((workload) => ({ workload: shortName(workload), why: 'none of its pods is ready' })),
  }
}

function tooMany(count: number, how: string, namespace: string): Error {
  return fault(
    'RC-I-214',
    `${count} workloads of namespace ${namespace} ${how}, and at most ${MOST_WORKLOADS} are watched at a time. Nothing was changed.`,
    ['name those of the chain: --through deploy/a,deploy/b'],
  )
}

function reached(workload: Workload, services: ServiceView[]): number[] {
  return portsOf(workload, services)
    .filter((port) => port.services.length > 0)
    .map(({ port }) => port)
}

/** Those that Services lead to, else those that are declared. */
function portsFor(workload: Workload, services: ServiceView[]): InterceptPort[] {
  const byService = reached(workload, services)
  const ports = byService.length > 0 ? byService : workload.ports.map(({ port }) => port)
  if (ports.length > 0) return [...new Set(ports)].slice(0, MOST_PORTS).map((port) => ({ port, target: port }))
  throw fault(
    'RC-I-206',
    `Cannot watch ${shortName(workload)}: it declares no port and no Service leads to it. Nothing was changed.`,
    [`remocal list -n ${workload.namespace}`],
  )
}
