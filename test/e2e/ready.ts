/** Waits for what was applied. */
import { setTimeout as delay } from 'node:timers/promises'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'

interface Deployment extends KubeObject {
  spec: { replicas?: number }
  status?: { readyReplicas?: number; updatedReplicas?: number; observedGeneration?: number }
}

interface Pod extends KubeObject {
  status?: { phase?: string }
}

/** Waits until all Deployments of a namespace are ready and no pod of an earlier test is left ending. */
export async function untilReady(client: KubeClient, namespace: string, limitMs = 90_000): Promise<void> {
  await until(`the Deployments of ${namespace} are ready`, limitMs, async () => {
    const { items } = await client.list<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace })
    const pods = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace })
    const ready = items.every(
      ({ spec, status, metadata }) =>
        status?.observedGeneration === metadata.generation &&
        status?.readyReplicas === (spec.replicas ?? 1) &&
        status?.updatedReplicas === (spec.replicas ?? 1),
    )
    return items.length > 0 && ready && pods.items.every(({ metadata }) => metadata.deletionTimestamp === undefined)
  })
}

/** Asks again and again, every 100 ms, until `check` says true or something. Its last error survives. */
export async function until<T>(what: string, limitMs: number, check: () => Promise<T | false | undefined>): Promise<T> {
  const endsAt = Date.now() + limitMs
  let last: unknown
  for (;;) {
    try {
      const result = await check()
      if (result !== false && result !== undefined) return result
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > endsAt) throw new Error(`not within ${limitMs} ms: ${what}`, { cause: last })
    await delay(100)
  }
}
