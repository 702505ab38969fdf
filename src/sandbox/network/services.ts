/** Services as nft rules: each port's destination is one of its ready endpoints, at random. */
import type { Logger } from '../../lib/logger.ts'
import type { Store, Stored } from '../apiserver/store.ts'
import { nft } from './commands.ts'

interface Endpoint {
  address: string
  port: number
}

/** Keeps the rules as Services and EndpointSlices say. @returns ends it; `settled` resolves when no change is pending */
export function keepServices(store: Store, logger: Logger): { close(): void } {
  let pending = false
  let running = false
  let last = ''
  const apply = async (): Promise<void> => {
    if (running) return
    running = true
    while (pending) {
      pending = false
      const rules = ruleset(store)
      if (rules === last) continue
      try {
        await nft(rules)
        last = rules
      } catch (error) {
        logger.error({ error: (error as Error).message }, 'rules of Services not applied')
      }
    }
    running = false
  }
  const wake = (): void => {
    pending = true
    setImmediate(() => void apply())
  }
  wake()
  const stop = store.subscribe(({ resource }) => {
    if (resource === 'services' || resource === 'endpointslices.discovery.k8s.io' || resource === 'pods') wake()
  })
  return { close: stop }
}

function ruleset(store: Store): string {
  const rules = store.list('services').flatMap((service) => rulesOf(service, store))
  // A pod that reaches itself through a Service must not see itself as the client.
  const own = [...new Set(store.list('pods').flatMap(({ status }) => status?.podIP ?? []))].sort()
  const hairpins = own.map((address) => `    ip saddr ${address} ip daddr ${address} masquerade`)
  return `table ip services
delete table ip services
table ip services {
  chain services {
${rules.join('\n')}
  }
  chain prerouting { type nat hook prerouting priority dstnat; jump services; }
  chain output { type nat hook output priority -100; jump services; }
  chain postrouting {
    type nat hook postrouting priority srcnat;
${hairpins.join('\n')}
  }
}
`
}

function rulesOf({ metadata, spec }: Stored, store: Store): string[] {
  const { clusterIP, ports = [] } = spec as {
    clusterIP?: string
    ports?: { name?: string; port: number; protocol?: string }[]
  }
  if (clusterIP === undefined || clusterIP === 'None') return []
  const slices = store
    .list('endpointslices.discovery.k8s.io', metadata.namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
  return ports.flatMap(({ name = '', port, protocol = 'TCP' }) => {
    const endpoints = slices.flatMap((slice) => endpointsOf(slice, name))
    if (endpoints.length === 0) return []
    const choices = endpoints.map((one, index) => `${index} : ${one.address} . ${one.port}`).join(', ')
    return [
      `    ip daddr ${clusterIP} ${protocol.toLowerCase()} dport ${port} dnat ip to numgen random mod ${endpoints.length} map { ${choices} }`,
    ]
  })
}

function endpointsOf({ endpoints = [], ports = [] }: Stored, name: string): Endpoint[] {
  const port = (ports as { name?: string; port: number }[]).find((one) => (one.name ?? '') === name)?.port
  if (port === undefined) return []
  return (endpoints as { addresses: string[]; conditions?: { ready?: boolean } }[])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses }) => addresses.map((address) => ({ address, port })))
}
