/** What an agent counted of requests whose target speaks another HTTP than their client, as `status` shows it. */
import type { BridgedRequests } from '../../lib/daemon-api.ts'
import type { BridgeCounts } from '../../wire/messages/control.ts'

const HOW = { http1: 'h2 → http/1.1', http2: 'http/1.1 → h2' } as const

/** @returns nothing of what never was */
export function bridgedOf(counts: Pick<BridgeCounts, 'laptop' | 'app'>): BridgedRequests[] {
  return (['laptop', 'app'] as const).flatMap((who) =>
    (['http1', 'http2'] as const).flatMap((as) => {
      const requests = counts[who][as]
      return requests === 0 ? [] : [{ who, bridged: HOW[as], requests }]
    }),
  )
}
