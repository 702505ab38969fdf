/** Ports as people name them: `http`, `80`, `http:9090`; by a Service that leads to the workload, or by the container. */
import { fault } from '../diagnose/catalogue.ts'
import type { InterceptPort } from '../kube/resources.ts'
import type { Fault } from '../lib/fault.ts'
import { type ContainerPort, shortName, type Workload } from './workload.ts'

/** A Service of the workload's namespace, as far as ports go. */
export interface ServiceView {
  name: string
  selector: Record<string, string>
  ports: { name?: string; port: number; targetPort: number | string }[]
}

export interface PortWithServices extends ContainerPort {
  /** Services that lead to it: `orders`, or `orders:8081` when the Service's port is another number. */
  services: string[]
}

/** How a Service leads to a port of the workload. */
export interface Way {
  service: string
  name?: string
  servicePort: number
  port: number
}

/** The workload's ports, declared or reached by a Service. */
export function portsOf(workload: Workload, services: ServiceView[]): PortWithServices[] {
  const ways = waysTo(workload, services)
  const known = new Map<number, PortWithServices>(workload.ports.map((port) => [port.port, { ...port, services: [] }]))
  for (const { service, port, servicePort } of ways) {
    const entry = known.get(port) ?? { port, container: workload.containers[0] ?? '', services: [] }
    entry.services.push(`${service}:${servicePort}`)
    known.set(port, entry)
  }
  return [...known.values()].sort((a, b) => a.port - b.port)
}

/**
 * What was typed, resolved. Without anything typed, the only port there is.
 * Throws RC-I-202 with what there is, RC-I-206 when several could be meant, RC-U-101 for nonsense.
 */
export function resolvePorts(typed: string[], workload: Workload, services: ServiceView[]): InterceptPort[] {
  const all = portsOf(workload, services)
  const ways = waysTo(workload, services)
  if (typed.length === 0) {
    const reached = all.filter((port) => port.services.length > 0)
    const [only, ...more] = reached.length > 0 ? reached : all
    if (only === undefined) throw refusal('RC-I-206', workload, 'it declares no port and no Service leads to it')
    if (more.length > 0)
      throw refusal(
        'RC-I-206',
        workload,
        `it has the ports ${describe(reached.length > 0 ? reached : all)}; say which with --port`,
      )
    return [portOf(only.port, only.port, ways)]
  }
  const chosen = typed.map((text) => {
    const match = /^([A-Za-z0-9-]+)(?::(\d+))?$/.exec(text)
    if (match === null) throw refusal('RC-U-101', workload, `"${text}" is not a port, which is PORT or PORT:LAPTOPPORT`)
    const [, name = '', laptop] = match
    const port = find(name, workload, all, ways)
    const target = laptop === undefined ? port : Number(laptop)
    if (target < 1 || target > 65535) throw refusal('RC-U-101', workload, `${target} is not a port of this laptop`)
    return portOf(port, target, ways)
  })
  const twice = chosen.find(({ port }, index) => chosen.findIndex((other) => other.port === port) !== index)
  if (twice !== undefined) throw refusal('RC-U-101', workload, `port ${twice.port} is named twice`)
  return chosen
}

function find(name: string, workload: Workload, all: PortWithServices[], ways: Way[]): number {
  const number = /^\d+$/.test(name) ? Number(name) : undefined
  // By name first among Services, then among containers; a number means a Service's port before a container's.
  const byService = ways
    .filter((way) => (number === undefined ? way.name === name : way.servicePort === number))
    .map(({ port }) => port)
  const byContainer = all
    .filter((port) => (number === undefined ? port.name === name : port.port === number))
    .map(({ port }) => port)
  const candidates = [...new Set(byService.length > 0 ? byService : byContainer)]
  const [only, ...more] = candidates
  if (only !== undefined && more.length === 0) return only
  if (only !== undefined)
    throw refusal(
      'RC-I-206',
      workload,
      `"${name}" leads to the ports ${candidates.join(' and ')}; say the number of one`,
    )
  // A port that nobody declared may still be listened on.
  if (number !== undefined && number > 0 && number < 65536 && all.length === 0) return number
  throw refusal(
    'RC-I-202',
    workload,
    `it has no port "${name}"; there ${all.length === 1 ? 'is' : 'are'} ${describe(all)}`,
  )
}

function portOf(port: number, target: number, ways: Way[]): InterceptPort {
  const service = ways.find((way) => way.port === port)?.service
  return service === undefined ? { port, target } : { service, port, target }
}

export function waysTo(workload: Workload, services: ServiceView[]): Way[] {
  return services
    .filter(({ selector }) => {
      const wanted = Object.entries(selector)
      return wanted.length > 0 && wanted.every(([key, value]) => workload.labels[key] === value)
    })
    .flatMap(({ name: service, ports }) =>
      ports.flatMap(({ name, port: servicePort, targetPort }) => {
        const port =
          typeof targetPort === 'number' ? targetPort : workload.ports.find((own) => own.name === targetPort)?.port
        if (port === undefined) return []
        return [name === undefined ? { service, servicePort, port } : { service, name, servicePort, port }]
      }),
    )
}

function describe(ports: PortWithServices[]): string {
  const names = ports.map(({ name, port }) => (name === undefined ? `${port}` : `${name} (${port})`))
  return names.length < 2 ? (names[0] ?? 'none') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function refusal(code: 'RC-I-202' | 'RC-I-206' | 'RC-U-101', workload: Workload, why: string): Fault {
  return fault(code, `Cannot attach to ${shortName(workload)}: ${why}. Nothing was changed.`, [
    `remocal list -n ${workload.namespace}`,
  ])
}
