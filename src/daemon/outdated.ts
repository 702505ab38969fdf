/** Whether a connection that is lost can come back: the kubeconfig may lead elsewhere by now. */
import { KubeClient } from '../kube/client.ts'
import { loadConfig } from '../kube/config.ts'
import type { KubeTarget } from '../kube/target.ts'
import type { Clock } from '../lib/clock.ts'
import type { Target } from '../lib/daemon-api.ts'
import { Fault } from '../lib/fault.ts'
import { readInstallation } from './installation.ts'

/** How long an API server may think when asked whether it is still the same. */
const ASK_MS = 3000

export interface Known {
  target: KubeTarget
  contextName: string
  user: string
  installationKey: string
}

/** Rejects with why the kubeconfig cannot be used, or with RC-C-120 when nothing is installed there any more. */
export async function leadsElsewhere(target: Target, known: Known, clock: Clock): Promise<boolean> {
  const now = loadConfig(target)
  const isMoved = (['server', 'serverName', 'insecure', 'proxy'] as const).some(
    (part) => now[part] !== known.target[part],
  )
  if (isMoved || String(now.ca) !== String(known.target.ca)) return true
  const client = new KubeClient({ target: now, clock, timeoutMs: ASK_MS })
  try {
    const [{ username }, { publicKey }] = await Promise.all([
      client.whoAmI(),
      readInstallation(client, known.contextName),
    ])
    return username !== known.user || publicKey !== known.installationKey
  } catch (error) {
    if (error instanceof Fault && error.code === 'RC-C-120') throw error
    // An API server that does not answer may come back.
    return false
  } finally {
    client.close()
  }
}
