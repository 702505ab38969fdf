/** A cluster with Remocal and the sink on it, and two laptops: one on the kernel's own cable, one on a cable that can be slowed. Both are taken away again. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from '../../../scripts/bundle.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/resources.ts'
import { Laptop } from '../../../test/e2e/laptop.ts'
import { apply, manifests } from '../../../test/e2e/manifests.ts'
import { clientOf } from '../../../test/e2e/place.ts'
import { untilReady } from '../../../test/e2e/ready.ts'
import { run } from '../../../test/e2e/remocal.ts'

export const NAMESPACE = 'bench'

export interface Site {
  /** Its cable has no limits. */
  near: Laptop
  /** Its cable is slowed as a figure asks for. */
  far: Laptop
  client: KubeClient
  kit: { command: string; cluster: string }
  /** Where the sink is: for members of the cluster, for all others through a NodePort; and a port at which nobody listens. */
  sink: { address: string; port: number; node: string; nodePort: number; deadPort: number; deadNodePort: number }
  say(line: string): void
}

interface Service extends KubeObject {
  spec: { clusterIP: string; ports: { name: string; port: number; nodePort: number }[] }
}

/** Prepares all of it, runs `work`, and takes it away. */
export async function withSite<T>(say: (line: string) => void, work: (site: Site) => Promise<T>): Promise<T> {
  const { KUBECONFIG: kubeconfig, REMOCAL_E2E_KIT: command, REMOCAL_E2E_KIT_CLUSTER: cluster } = process.env
  if (kubeconfig === undefined || command === undefined || cluster === undefined) {
    throw new Error('needs KUBECONFIG, and REMOCAL_E2E_KIT with REMOCAL_E2E_KIT_CLUSTER for laptops behind a cable')
  }
  await bundle()
  for (const archive of ['dist/remocal.tar', 'dist/shop.tar']) {
    if (!existsSync(archive)) throw new Error(`${archive} is missing; run: npm run image`)
    await must(run(command, ['load', cluster, archive], { limitMs: 300_000 }))
  }
  const client = clientOf(kubeconfig)
  const laptops: Laptop[] = []
  try {
    say('preparing the cluster')
    const near = await Laptop.plug({ kit: command, cluster, name: 'near', unlimited: true })
    laptops.push(near)
    const far = await Laptop.plug({ kit: command, cluster, name: 'far' })
    laptops.push(far)
    await apply(client, [namespace(), programs(), ...manifests(import.meta.dirname)])
    await must(near.remocal(['install', '--image', 'remocal:dev'], { limitMs: 180_000 }))
    await untilReady(client, NAMESPACE)
    const sink = await sinkOf(client)
    for (const laptop of laptops) await must(laptop.remocal(['connect']))
    return await work({ near, far, client, kit: { command, cluster }, sink, say })
  } finally {
    say('taking everything away')
    await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: NAMESPACE })
    await laptops[1]?.close()
    await laptops[0]?.remocal(['quit'])
    await laptops[0]?.remocal(['uninstall'], { limitMs: 120_000 })
    await laptops[0]?.close()
    client.close()
  }
}

function namespace(): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }
}

/** The sink's files, which its pod mounts. */
function programs(): KubeObject {
  const data = Object.fromEntries(
    ['sink.ts', 'arrivals.ts'].map((file) => [file, readFileSync(join(import.meta.dirname, file), 'utf8')]),
  )
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bench', namespace: NAMESPACE }, data }
  return object
}

async function sinkOf(client: KubeClient): Promise<Site['sink']> {
  const path = { apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE, name: 'sink' }
  const { spec } = await client.get<Service>(path)
  const of = (name: string): Service['spec']['ports'][number] => {
    const port = spec.ports.find((one) => one.name === name)
    if (port === undefined) throw new Error(`the sink's Service has no port ${name}`)
    return port
  }
  return {
    address: spec.clusterIP,
    port: of('sink').port,
    // The cable leads to the API server's node.
    node: new URL(client.target.server).hostname,
    nodePort: of('sink').nodePort,
    deadPort: of('nobody').port,
    deadNodePort: of('nobody').nodePort,
  }
}

export async function must(ran: ReturnType<typeof run>): Promise<void> {
  const { code, stderr } = await ran
  if (code !== 0) throw new Error(`a preparing command ended with ${code}: ${stderr}`)
}
