/** Whether the API server knows a kind, by its discovery document. */
import { Fault } from '../../lib/fault.ts'
import { ApiRefusal } from '../api-fault.ts'
import type { KubeClient } from '../client.ts'

/** False also where the group answers that it is not implemented (501). */
export async function knows(
  client: KubeClient,
  apiVersion: string,
  kind: string,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const url = `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`
    const { resources = [] } = await client.raw<{ resources?: { kind: string }[] }>(url, { signal })
    return resources.some((resource) => resource.kind === kind)
  } catch (error) {
    const status = error instanceof Fault && error.cause instanceof ApiRefusal ? error.cause.status : 0
    if (status === 404 || status === 501) return false
    throw error
  }
}
