/** Where the suite runs: which cluster, which laptop, and what the kit can do to them. Set up by `main.ts`, read by the scenarios. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeClient } from '../../src/kube/client.ts'
import { loadConfig } from '../../src/kube/config.ts'
import { systemClock } from '../../src/lib/clock.ts'

export interface Place {
  kind: 'sandbox' | 'cluster'
  kubeconfig: string
  client: KubeClient
}

/** The place that `main.ts` prepared. */
export function place(): Place {
  const { KUBECONFIG: kubeconfig, REMOCAL_E2E_KIND: kind } = process.env
  if (kubeconfig === undefined || (kind !== 'sandbox' && kind !== 'cluster')) {
    throw new Error('run the scenarios by `npm run e2e`: it prepares the cluster')
  }
  return { kind, kubeconfig, client: clientOf(kubeconfig) }
}

/** A client of the current context of `kubeconfig`. */
export function clientOf(kubeconfig: string): KubeClient {
  return new KubeClient({ target: loadConfig({ kubeconfig, env: {} }), clock: systemClock })
}

/** A folder for one laptop's state, taken away at the end of the process. */
export function laptopHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'remocal-e2e-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Why a scenario that kills processes of the cluster cannot run here; false when it can. */
export function withoutKit({ kind }: Place): string | false {
  if (kind === 'sandbox' || process.env.REMOCAL_E2E_KIT) return false
  return skipped('kills processes of the cluster: needs REMOCAL_E2E_KIT')
}

/** Why a scenario with a laptop behind a cable cannot run here; false when it can. */
export function withoutCable({ kind }: Place): string | false {
  const { REMOCAL_E2E_KIT: kit, REMOCAL_E2E_KIT_CLUSTER: cluster } = process.env
  // The sandbox has no other network that could be cut.
  if (kind === 'sandbox') return 'pulls the cable between a laptop and a cluster: needs --cluster and REMOCAL_E2E_KIT'
  return kit && cluster ? false : skipped('pulls the cable between a laptop and a cluster: needs REMOCAL_E2E_KIT')
}

/** Why a scenario that needs root cannot run here; false when it can. */
export function withoutRoot(what: string): string | false {
  return process.getuid?.() === 0 ? false : skipped(`${what}: needs root`)
}

/** What the machine lacks skips a scenario, unless nothing may be skipped. Throws then. */
function skipped(reason: string): string {
  if (process.env.REMOCAL_E2E_NO_SKIP) throw new Error(`nothing may be skipped here, but this would be: ${reason}`)
  return reason
}
