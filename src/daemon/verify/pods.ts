/** The pods of a namespace, by what requests and agents name them by. */
import type { KubeClient } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/resources.ts'
import type { VerifyCaller } from '../../lib/daemon-api.ts'
import type { Workload } from '../workload.ts'

interface Pod extends KubeObject {
  spec: { hostNetwork?: boolean }
  status?: { phase?: string; podIP?: string; podIPs?: { ip: string }[] }
}

export interface PodView {
  uid: string
  name: string
  labels: Record<string, string>
  addresses: string[]
}

/** Those that run. Pods that share their node's network have no address of their own. */
export async function readPods(client: KubeClient, namespace: string, signal: AbortSignal): Promise<PodView[]> {
  const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, { signal })
  return items
    .filter(({ status }) => status?.phase === 'Running')
    .map(({ metadata, spec, status }) => {
      const addresses = new Set([status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)])
      return {
        uid: metadata.uid ?? '',
        name: metadata.name,
        labels: metadata.labels ?? {},
        addresses: spec.hostNetwork === true ? [] : [...addresses].flatMap((ip) => ip ?? []),
      }
    })
}

/** Pods that look like the workload's: all of its own, and perhaps a few others. */
export function podsLike({ kind, name, labels }: Workload, pods: PodView[]): PodView[] {
  if (kind === 'Pod') return pods.filter((pod) => pod.name === name)
  const wanted = Object.entries(labels)
  return pods.filter((pod) => wanted.length > 0 && wanted.every(([key, value]) => pod.labels[key] === value))
}

/** @param workloadOf by pod name, of those that are watched */
export function callerOf(ip: string, pods: PodView[], workloadOf: ReadonlyMap<string, string>): VerifyCaller {
  const pod = pods.find(({ addresses }) => addresses.includes(ip))?.name
  if (pod === undefined) return { ip }
  const workload = workloadOf.get(pod)
  return { ip, pod, ...(workload !== undefined && { workload }) }
}
