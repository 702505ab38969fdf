/** `remocal run`: any program, of an unprivileged user, static ones too, as if it ran in the namespace. */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bundle } from '../../../scripts/bundle.ts'
import { packagesRoot } from '../../../scripts/image/packages.ts'
import type { KubeObject } from '../../../src/kube/resources.ts'
import { laptopHome, place } from '../place.ts'
import { type Ran, REMOCAL, run } from '../remocal.ts'

interface Pod extends KubeObject {
  status: { podIP: string }
}
interface Service extends KubeObject {
  spec: { clusterIP: string }
}

const { client, kubeconfig } = place()
const home = laptopHome()
const NOBODY = 65534
const DROP = [
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--no-new-privs',
  '--bounding-set=-all',
  '--inh-caps=-all',
]
const isRoot = (): boolean => process.getuid?.() === 0
let installed = { remocal: [REMOCAL], node: process.execPath }

before(async () => {
  // What an unprivileged user of this machine may read and write.
  chmodSync(home, 0o777)
  copyFileSync(kubeconfig, join(home, 'kubeconfig'))
  chmodSync(join(home, 'kubeconfig'), 0o644)
  installed = await readablePlace()
})

after(async () => {
  await asNobody(['quit'])
  client.close()
})

/** This checkout and its Node where everybody may read them, else a copy of the bundle and of Node. */
async function readablePlace(): Promise<{ remocal: string[]; node: string }> {
  if (!isRoot() || (await run('setpriv', [...DROP, REMOCAL, '--version'])).code === 0)
    return { remocal: [REMOCAL], node: process.execPath }
  await bundle()
  const node = join(home, 'node')
  cpSync(process.execPath, node)
  cpSync('dist/app', join(home, 'app'), { recursive: true })
  return { remocal: [node, join(home, 'app/remocal.mjs')], node }
}

/** `remocal ARGS` as an unprivileged user without groups. */
function asNobody(args: string[]): Promise<Ran> {
  const env = { KUBECONFIG: join(home, 'kubeconfig'), REMOCAL_HOME: join(home, 'state'), HOME: home }
  const [command = '', ...before] = installed.remocal
  if (!isRoot()) return run(command, [...before, ...args], { env, cwd: home })
  return run('setpriv', [...DROP, command, ...before, ...args], { env, cwd: home })
}

const inShop = (...program: string[]): Promise<Ran> => asNobody(['run', '-n', 'shop', '--', ...program])

async function addresses(): Promise<{ podIP: string; clusterIP: string }> {
  const { items } = await client.list<Pod>(
    { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' },
    { labelSelector: 'app=orders' },
  )
  const { spec } = await client.get<Service>({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'orders' })
  return { podIP: items[0]?.status.podIP ?? '', clusterIP: spec.clusterIP }
}

/** What must not change on the laptop. */
async function laptopNetwork(): Promise<string> {
  const seen = await Promise.all([
    run('ip', ['-o', 'addr']),
    run('ip', ['route', 'show', 'table', 'all']),
    run('ip', ['rule']),
    run('cat', ['/etc/resolv.conf', '/etc/hosts']),
    run('nft', ['list', 'ruleset']),
  ])
  // Life times of addresses count down by themselves.
  return seen.map(({ stdout }) => stdout.replaceAll(/ +valid_lft \S+ preferred_lft \S+/g, '')).join('\n')
}

test('a program reaches short, long and full names, a pod IP and a ClusterIP; the laptop’s network stays as it was', async () => {
  const earlier = await laptopNetwork()
  const { podIP, clusterIP } = await addresses()
  const urls = [
    'http://orders/health',
    'http://orders.shop/health',
    'http://orders.shop.svc.cluster.local/health',
    `http://${podIP}:8080/health`,
    `http://${clusterIP}/health`,
  ]
  const script = `for (const url of ${JSON.stringify(urls)}) console.log(url, (await fetch(url)).status)`
  const { code, stdout, stderr } = await inShop(installed.node, '--input-type=module', '-e', script)
  assert.equal(code, 0, stderr)
  assert.deepEqual(
    stdout.trim().split('\n'),
    urls.map((url) => `${url} 200`),
  )
  assert.equal(await laptopNetwork(), earlier)
})

test('a static program does too', async () => {
  const cache = join(home, 'cache')
  mkdirSync(cache)
  const root = packagesRoot(['busybox-static'], cache)
  const busybox = ['bin/busybox', 'usr/bin/busybox'].map((path) => join(root, path)).find(existsSync) ?? ''
  cpSync(busybox, join(home, 'busybox'))
  const { code, stdout, stderr } = await inShop(join(home, 'busybox'), 'wget', '-qO-', 'http://orders.shop/health')
  assert.equal(code, 0, stderr)
  assert.equal(stdout, 'ok\n')
})

test('an unknown name is NXDOMAIN', async () => {
  const script = `try { await (await import('node:dns/promises')).resolve4('nobody.shop.svc.cluster.local') } catch (error) { console.log(error.code) }`
  const { stdout, stderr } = await inShop(installed.node, '--input-type=module', '-e', script)
  assert.equal(stdout, 'ENOTFOUND\n', stderr)
})

test('exit code and signals are the program’s own', async () => {
  assert.equal((await inShop('sh', '-c', 'exit 7')).code, 7)
  assert.equal((await inShop('sh', '-c', 'kill -TERM $$')).code, 143)
})
