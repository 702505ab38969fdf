/** What the dialers may dial: the cluster's networks, and what in them they may not. */
import { isNotFound } from '../kube/api-fault.ts'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Node } from './kinds.ts'

const REFRESH_MS = 60_000
/** Until they are known nothing is dialled. */
const FIRST_REFRESH_MS = 2000
/** Where no node says what its pods have, any private address may be one. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']

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
  /** False until everything has been read once: before, nobody can say what must not be dialled. */
  known = false
  cidrs: string[] = PRIVATE
  /** Nodes and API servers, also by the latter's Service. */
  denied: string[] = []
  readonly #client: Pick<KubeClient, 'find' | 'list'>
  readonly #logger: Logger
  readonly #onChange: () => void
  readonly #clock: Clock
  #timer: Timer | undefined
  #closed = false

  constructor(client: Pick<KubeClient, 'find' | 'list'>, clock: Clock, logger: Logger, onChange: () => void) {
    this.#client = client
    this.#clock = clock
    this.#logger = logger
    this.#onChange = onChange
  }

  /** Reads them, and from now on again and again; what cannot be read stays as it was. */
  async refresh(): Promise<void> {
    this.#timer?.cancel()
    try {
      await this.#read()
    } catch (error) {
      this.#logger.warn({ error: (error as Error).message }, 'the networks of the cluster could not be read')
    }
    if (this.#closed) return
    this.#timer = this.#clock.after(this.known ? REFRESH_MS : FIRST_REFRESH_MS, () => void this.refresh())
  }

  async #read(): Promise<void> {
    const client = this.#client
    const api = { namespace: 'default', name: 'kubernetes' }
    const [nodes, ranges, slices, front] = await Promise.all([
      client.list<Node>({ apiVersion: 'v1', kind: 'Node' }),
      // Clusters before 1.33 have no such kind.
      client.list<ServiceCidr>({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' }).catch((error: unknown) => {
        if (isNotFound(error)) return { items: [] }
        throw error
      }),
      client.list<Slice>(
        { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: api.namespace },
        { labelSelector: `kubernetes.io/service-name=${api.name}` },
      ),
      client.find<ApiService>({ apiVersion: 'v1', kind: 'Service', ...api }),
    ])
    const pods = nodes.items.flatMap(({ spec }) => spec.podCIDRs ?? (spec.podCIDR === undefined ? [] : [spec.podCIDR]))
    const clusterIps = ranges.items.flatMap(({ spec }) => spec.cidrs)
    const told = pods.length > 0 && clusterIps.length > 0
    const cidrs = told ? [...new Set([...clusterIps, ...pods])].sort() : PRIVATE
    const addresses = nodes.items.flatMap(({ status }) => status?.addresses ?? [])
    const nodeIps = addresses.filter(({ type }) => type.endsWith('IP')).map(({ address }) => address)
    const apiIps = slices.items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((one) => one.addresses))
    const denied = [...new Set([...nodeIps, ...apiIps, ...(front?.spec.clusterIPs ?? [])])].sort()
    if (this.known && JSON.stringify([cidrs, denied]) === JSON.stringify([this.cidrs, this.denied])) return
    this.known = true
    this.cidrs = cidrs
    this.denied = denied
    this.#onChange()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }
}
