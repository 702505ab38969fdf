/** Waits for what was applied. */
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { ClientPod } from './client-pod.ts'
import { until } from './until.ts'

interface Deployment extends KubeObject {
  spec: { replicas?: number; template: { metadata?: { labels?: Record<string, string> } } }
  status?: { readyReplicas?: number; updatedReplicas?: number; observedGeneration?: number }
}

interface Service extends KubeObject {
  spec: { selector?: Record<string, string>; ports?: { port: number; protocol?: string }[] }
}

/** Connects to each of ADDRESSES, again and again until it is taken. */
const CONNECTING = `
import { connect } from 'node:net'
const taken = (host, port) => new Promise((resolve) => {
  const socket = connect({ host, port, timeout: 2000 })
  for (const [event, is] of [['connect', true], ['timeout', false], ['error', false]]) {
    socket.on(event, () => { socket.destroy(); resolve(is) })
  }
})
await Promise.all(JSON.parse(process.env.ADDRESSES).map(async ([host, port]) => {
  while (!await taken(host, port)) await new Promise((resolve) => setTimeout(resolve, 50))
}))
console.log('REACHED')
`

/** Waits until all Deployments of a namespace are ready, are reached by their Services, and no pod of an earlier test is left ending. */
export async function untilReady(client: KubeClient, namespace: string, limitMs = 90_000): Promise<void> {
  const deployments = await until(`the Deployments of ${namespace} are ready`, limitMs, async () => {
    const { items } = await client.list<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace })
    const pods = await client.list({ apiVersion: 'v1', kind: 'Pod', namespace })
    const ready = items.every(
      ({ spec, status, metadata }) =>
        status?.observedGeneration === metadata.generation &&
        status?.readyReplicas === (spec.replicas ?? 1) &&
        status?.updatedReplicas === (spec.replicas ?? 1),
    )
    const settled = pods.items.every(({ metadata }) => metadata.deletionTimestamp === undefined)
    return items.length > 0 && ready && settled && items
  })
  await untilReached(client, namespace, deployments, limitMs)
}

/** A pod that is ready is not yet in the nodes' rules for its Services: on a busy machine that takes seconds more. */
async function untilReached(
  client: KubeClient,
  namespace: string,
  deployments: Deployment[],
  limitMs: number,
): Promise<void> {
  const { items } = await client.list<Service>({ apiVersion: 'v1', kind: 'Service', namespace })
  const addresses = items
    .filter((service) => deployments.some((deployment) => leadsTo(service, deployment)))
    .flatMap(({ metadata, spec }) =>
      (spec.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP').map(({ port }) => [metadata.name, port]),
    )
  if (addresses.length === 0) return
  const pod = new ClientPod(client, namespace)
  try {
    await pod.start(CONNECTING, { ADDRESSES: JSON.stringify(addresses) })
    await pod.printed(/REACHED/, limitMs)
  } finally {
    await pod.end()
  }
}

function leadsTo({ spec: { selector } }: Service, { spec }: Deployment): boolean {
  const { replicas = 1, template } = spec
  if (selector === undefined || replicas === 0) return false
  return Object.entries(selector).every(([name, value]) => template.metadata?.labels?.[name] === value)
}
