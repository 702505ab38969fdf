/** A cluster with the shop and Remocal on it, for a bench. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundle } from '../../scripts/bundle.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { apply, manifests } from '../../test/e2e/manifests.ts'
import { clientOf } from '../../test/e2e/place.ts'
import { untilReady } from '../../test/e2e/ready.ts'
import { REMOCAL, remocal } from '../../test/e2e/remocal.ts'

export type Env = Record<string, string>

export interface Shop {
  /** What to run `remocal` with. */
  env: Env
  client: KubeClient
  /** Of `KUBECONFIG`, not a sandbox. */
  cluster: boolean
  say(line: string): void
}

/** Runs `work` on it, and takes away what was made. */
export async function withShop<T>(
  options: Pick<Shop, 'cluster' | 'say'>,
  work: (shop: Shop) => Promise<T>,
): Promise<T> {
  const { cluster, say } = options
  const home = mkdtempSync(join(tmpdir(), 'remocal-bench-'))
  const kubeconfig = cluster ? process.env.KUBECONFIG : join(home, 'sandbox/kubeconfig')
  if (kubeconfig === undefined) throw new Error('KUBECONFIG says which cluster; it is not set')
  const env = { REMOCAL_HOME: home, KUBECONFIG: kubeconfig }
  await bundle()
  try {
    say('preparing the cluster')
    if (!cluster) await sandbox(env)
    const client = clientOf(kubeconfig)
    await apply(client, manifests('examples/shop/manifests'))
    await untilReady(client, 'shop')
    await must(['install', '--image', 'remocal:dev'], env)
    try {
      return await work({ env, client, cluster, say })
    } finally {
      if (cluster) await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'shop' })
      client.close()
    }
  } finally {
    await remocal(['quit'], { env })
    await remocal(cluster ? ['uninstall'] : ['sandbox', 'down'], { env, limitMs: 120_000 })
    rmSync(home, { recursive: true, force: true })
  }
}

/** `remocal ARGS`, which has to succeed. */
export async function must(args: string[], env: Env): Promise<void> {
  const { code, stderr } = await remocal(args, { env, limitMs: 180_000 })
  if (code !== 0) throw new Error(`remocal ${args.join(' ')} ended with ${code}: ${stderr}`)
}

async function sandbox(env: Env): Promise<void> {
  const root = resolve(import.meta.dirname, '../..')
  const image = (name: string, folder: string, command: string): Promise<void> =>
    must(['sandbox', 'image', name, '--root', folder, '--', command], env)
  await must(['sandbox', 'up'], env)
  await image('remocal:dev', root, REMOCAL)
  await image('remocal-shop:dev', join(root, 'examples/shop'), process.execPath)
}
