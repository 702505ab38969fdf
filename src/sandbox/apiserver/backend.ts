/** What the API server asks of the kubelet. */
import type { Duplex, Readable } from 'node:stream'
import type { Stored } from './store.ts'

export interface KubeletBackend {
  /** A container's log. Throws a `StatusError` when there is none. */
  logs(
    pod: Stored,
    container: string,
    options: { follow: boolean; previous?: boolean; tailLines?: number; limitBytes?: number },
  ): Readable
  /** Connects to a port of the pod. Rejects with the kernel's reason. */
  connect(pod: Stored, port: number): Promise<Duplex>
}
