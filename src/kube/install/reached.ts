/** Where an installation is reached from outside, as its managers have found out. */
import type { Clock } from '../../lib/clock.ts'
import type { KubeClient } from '../client.ts'
import { INSTALLATION, type KubeObject } from '../resources.ts'
import { waitFor } from './wait.ts'

interface Config extends KubeObject {
  data?: { reach?: string }
}

interface Outside extends KubeObject {
  spec: { type?: string; ports?: { port: number; nodePort?: number }[] }
}

export interface ReachedOptions {
  clock: Clock
  /** How long managers may need to find it out; a balancer may take minutes. */
  limitMs: number
  signal?: AbortSignal | undefined
}

/** @returns `host:port` of each address, the better ones first; none when there is none in time */
export async function reached(
  client: Pick<KubeClient, 'find'>,
  namespace: string,
  options: ReachedOptions,
): Promise<string[]> {
  const { signal } = options
  const path = { apiVersion: 'v1', namespace }
  const look = async (): Promise<string[] | undefined> => {
    const [config, outside] = await Promise.all([
      client.find<Config>({ ...path, kind: 'ConfigMap', name: INSTALLATION.configMap }, { signal }),
      client.find<Outside>({ ...path, kind: 'Service', name: INSTALLATION.outside }, { signal }),
    ])
    const [port] = outside?.spec.ports ?? []
    const now = outside?.spec.type === 'NodePort' ? port?.nodePort : port?.port
    const addresses = (config?.data?.reach ?? '').split(' ').filter((address) => address !== '')
    // What an earlier Service had may still stand there.
    return addresses.some((address) => address.endsWith(`:${now}`)) ? addresses : undefined
  }
  return (await waitFor(look, options)) ?? []
}
