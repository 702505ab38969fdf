/** Where managers are reached from outside the cluster. */
import { INSTALLATION } from '../../kube/resources.ts'
import { hostPortText } from '../../lib/host-port.ts'
import type { Node, Pod, Service } from '../kinds.ts'

/** More would not be tried in time. */
const MAX_ADDRESSES = 8

/** Names of the nodes that answer on a node port: those with a manager that is ready. */
export function frontNodes(pods: Iterable<Pod>): string[] {
  const names = [...pods].filter(isReadyManager).flatMap(({ spec }) => spec.nodeName ?? [])
  return [...new Set(names)].sort()
}

/**
 * `host:port`, at most eight: of the balancer, or of the nodes, their external addresses first. Empty while there is none.
 * @param nodes those of `frontNodes`
 */
export function outsideAddresses(service: Service | undefined, nodes: Node[]): string[] {
  if (service === undefined || service.metadata.deletionTimestamp !== undefined) return []
  const { spec, status } = service
  const port = spec.ports?.[0]
  if (port === undefined) return []
  if (spec.type === 'LoadBalancer') {
    const hosts = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? [])
    return addresses(hosts, port.port)
  }
  if (spec.type !== 'NodePort' || port.nodePort === undefined) return []
  const of = (type: string): string[] =>
    nodes.flatMap((node) => (node.status?.addresses ?? []).flatMap((one) => (one.type === type ? one.address : [])))
  return addresses([...of('ExternalIP'), ...of('InternalIP')], port.nodePort)
}

function addresses(hosts: string[], port: number): string[] {
  return [...new Set(hosts)].slice(0, MAX_ADDRESSES).map((host) => hostPortText({ host, port }))
}

function isReadyManager({ metadata, status }: Pod): boolean {
  return (
    metadata.labels?.['app.kubernetes.io/name'] === INSTALLATION.manager &&
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  )
}
