/** The two ways to a manager: a port-forward through the API server, and TCP where the managers are exposed. */
import type { KubeClient } from '../kube/client.ts'
import { openPortForward } from '../kube/port-forward.ts'
import { INSTALLATION } from '../kube/resources.ts'
import type { Clock } from '../lib/clock.ts'
import { parseHostPort } from '../lib/host-port.ts'
import { dialTcp } from '../wire/link/tcp.ts'
import { type Carrier, type CarrierOptions, openCarrier } from './carrier.ts'

/** Longer than the kernel takes to say SYN again after a lost one. */
const DIAL_MS = 2000
/** From the connection to a manager that has proved itself. */
const PROVE_MS = 6000

export interface Ways {
  /** Rejects with the API server's fault, or with why there is no carrier over the port-forward. */
  forward(pod: string, signal: AbortSignal): Promise<Carrier>
  /** @param address `host:port` */
  direct(address: string, signal: AbortSignal): Promise<Carrier>
}

export interface WaysOptions extends Omit<CarrierOptions, 'kind' | 'pod' | 'signal'> {
  client: KubeClient
}

export function waysTo({ client, ...common }: WaysOptions): Ways {
  const { clock } = common
  return {
    async forward(pod, signal) {
      const { namespace, port } = INSTALLATION
      const link = await openPortForward({ client, clock, namespace, pod, port, signal })
      return openCarrier(link, { ...common, kind: 'port-forward', pod, signal })
    },
    async direct(address, signal) {
      const target = parseHostPort(address)
      if (target === undefined) throw new Error(`${address} is no address`)
      const link = await within(clock, DIAL_MS, signal, (limited) =>
        dialTcp(target.host, target.port, { signal: limited }),
      )
      return within(clock, PROVE_MS, signal, (limited) =>
        openCarrier(link, { ...common, kind: 'tcp', pod: undefined, signal: limited }),
      )
    },
  }
}

async function within<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  make: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const timer = clock.after(ms, () => late.abort(new Error(`no answer within ${ms / 1000} s`)))
  try {
    return await make(AbortSignal.any([signal, late.signal]))
  } finally {
    timer.cancel()
  }
}
