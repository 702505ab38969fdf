import type { ConnectResult, Target } from '../../lib/daemon-api.ts'
import type { CallContext } from './context.ts'
import { join } from './join.ts'

export async function connect(
  { clusters }: CallContext,
  { target }: { target: Target },
  signal: AbortSignal,
): Promise<ConnectResult> {
  return (await join(clusters, target, signal)).result
}
