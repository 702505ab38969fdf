/** What the dialers may dial: the cluster's networks, and what in them they may not. */
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'

const REFRESH_MS = 60_000
/** Where no node says what its pods have, any private address may be one. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']

interface Node extends KubeObject {
  spec: { podCIDRs?: string[]; podCIDR?: string }
  status?: { addresses?: { type: string; address: string }[] }
}
interface ServiceCidr extends KubeObject {
  spec: { cidrs: string[] }
}
interface ApiService extends KubeObject {
  spec: { clusterIPs?: string[] }
}
interface Slice extends KubeObject {
  endpoints?: { addresses: string[] }[]
}

export class ClusterNetworks {
  cidrs: string[] = PRIVATE
  /** Nodes and API servers, also by the latter's Service. */
  denied: string[] = []
  readonly #client: KubeClient
  readonly #logger: Logger
  readonly #onChange: () => void
  readonly #timer: Timer

  constructor(client: KubeClient, clock: Clock, logger: Logger, onChange: () => void) {
    this.#client = client
    this.#logger = logger
    this.#onChange = onChange
    this.#timer = clock.every(REFRESH_MS, () => void this.refresh())
  }

  /** Asks the API server; what it does not tell stays as it was. */
  async refresh(): Promise<void> {
    try {
      const [nodes, services, api, front] = await Promise.all([
        this.#client.list<Node>({ apiVersion: 'v1', kind: 'Node' }),
        this.#client
          .list<ServiceCidr>({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' })
          .catch(() => undefined),
        this.#client
          .list<Slice>(
            { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'default' },
            { labelSelector: 'kubernetes.io/service-name=kubernetes' },
          )
          .catch(() => undefined),
        this.#client
          .find<ApiService>({ apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'kubernetes' })
          .catch(() => undefined),
      ])
      const pods = nodes.items.flatMap(
        ({ spec }) => spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]),
      )
      const clusterIps = services?.items.flatMap(({ spec }) => spec.cidrs) ?? []
      const known = pods.length > 0 && clusterIps.length > 0
      const cidrs = known ? [...new Set([...clusterIps, ...pods])].sort() : PRIVATE
      const addresses = nodes.items.flatMap(({ status }) => status?.addresses ?? [])
      const nodeIps = addresses.filter(({ type }) => type.endsWith('IP')).map(({ address }) => address)
      const apiIps = api?.items.flatMap(({ endpoints = [] }) => endpoints.flatMap((one) => one.addresses)) ?? []
      const denied = [...new Set([...nodeIps, ...apiIps, ...(front?.spec.clusterIPs ?? [])])].sort()
      if (JSON.stringify([cidrs, denied]) === JSON.stringify([this.cidrs, this.denied])) return
      this.cidrs = cidrs
      this.denied = denied
      this.#onChange()
    } catch (error) {
      this.#logger.warn({ error: (error as Error).message }, 'the networks of the cluster could not be read')
    }
  }

  close(): void {
    this.#timer.cancel()
  }
}
