/** sshuttle over `kubectl port-forward` to an sshd pod: the path of Telepresence 1, from Debian's packages. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeImage } from '../../../scripts/image/oci.ts'
import { packagesRoot } from '../../../scripts/image/packages.ts'
import type { Entry } from '../../../scripts/image/tar.ts'
import { tree } from '../../../scripts/image/tree.ts'
import type { KubeObject } from '../../../src/kube/resources.ts'
import type { Laptop } from '../../../test/e2e/laptop.ts'
import { apply } from '../../../test/e2e/manifests.ts'
import { untilReady } from '../../../test/e2e/ready.ts'
import { run } from '../../../test/e2e/remocal.ts'
import { hasKubectl } from '../../lib/times.ts'
import { type Path, pathOf } from './paths.ts'
import { must, NAMESPACE, type Site } from './site.ts'

const LIMIT_MS = 60_000
const IMAGE = 'remocal-bench-sshd:dev'
const CACHE = 'dist/cache'

/** The path, or why it cannot be had here. */
export async function throughSshuttle(laptop: Laptop, site: Site): Promise<Path | string> {
  if (!hasKubectl()) return 'there is no kubectl'
  const stops: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const stop of stops.reverse()) await stop()
  }
  try {
    const starting = started.get(site) ?? startSshd(site)
    started.set(site, starting)
    const folder = await starting
    const forward = laptop.spawn('kubectl', ['port-forward', '-n', NAMESPACE, 'deployment/sshd', ':22'])
    stops.push(() => forward.end())
    const [, port = ''] = await forward.printed(/127\.0\.0\.1:(\d+)/)
    // sshuttle redirects what would leave, so there has to be a way out.
    const route = [`${site.sink.address}/32`, 'dev', 'eth0']
    await must(laptop.run('ip', ['route', 'replace', ...route]))
    stops.push(() => laptop.run('ip', ['route', 'del', ...route]))
    const ssh = `ssh -p ${port} -i ${folder}/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes`
    const root = packagesRoot(['sshuttle', 'openssh-client'], CACHE)
    const words = [
      '-m',
      'sshuttle',
      '-v',
      '--method=nft',
      '-r',
      'root@127.0.0.1',
      '-e',
      ssh,
      '--python=/usr/bin/python3',
    ]
    const env = { PYTHONPATH: join(root, 'usr/lib/python3/dist-packages') }
    const shuttle = laptop.spawn('python3', [...words, `${site.sink.address}/32`], { env })
    stops.push(() => shuttle.end('SIGTERM'))
    await shuttle.printed(/Connected to server/, 20_000)
  } catch (error) {
    await close()
    return String((error as Error).message)
      .replaceAll('\n', ' ')
      .slice(0, 300)
  }
  const here: [string, number] = [site.sink.address, site.sink.port]
  return pathOf(
    'sshuttle',
    ([node = '', ...args]) => laptop.run(node, args, { limitMs: LIMIT_MS }),
    { live: here, dead: here },
    close,
  )
}

/** One for all laptops: a pod sees another key only after a minute. */
const started = new WeakMap<Site, Promise<string>>()

/** An sshd that takes a fresh key, ready in the cluster. @returns the folder with the key */
async function startSshd({ client, kit }: Site): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'remocal-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const archive = 'dist/sshd.tar'
  writeImage(archive, { tag: IMAGE, entries: image(), entrypoint: ['/bin/dash', '-c'] })
  await must(run(kit.command, ['load', kit.cluster, archive], { limitMs: 120_000 }))
  for (const key of ['key', 'host']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)])
  }
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'sshd', namespace: NAMESPACE },
    stringData: { host: read('host'), authorized: read('key.pub') },
  }
  const script =
    'exec /usr/sbin/sshd -f /dev/null -D -e -h /keys/host -o AuthorizedKeysFile=/keys/authorized -o StrictModes=no -o PermitRootLogin=yes -o UsePAM=no'
  const container = {
    name: 'sshd',
    image: IMAGE,
    imagePullPolicy: 'IfNotPresent',
    args: [script],
    ports: [{ name: 'ssh', containerPort: 22 }],
    readinessProbe: { tcpSocket: { port: 'ssh' }, periodSeconds: 1 },
    volumeMounts: [{ name: 'keys', mountPath: '/keys' }],
  }
  const labels = { app: 'sshd' }
  const spec = {
    terminationGracePeriodSeconds: 0,
    containers: [container],
    volumes: [{ name: 'keys', secret: { secretName: 'sshd', defaultMode: 0o400 } }],
  }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'sshd', namespace: NAMESPACE, labels },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
  await apply(client, [secret, deployment] as KubeObject[])
  await untilReady(client, NAMESPACE)
  return folder
}

function image(): Entry[] {
  const root = packagesRoot(['openssh-server', 'python3', 'dash'], CACHE)
  const entries = tree(resolve(root), '')
  const present = new Set(entries.map(({ path }) => path))
  const text = (path: string, content: string): Entry => ({
    kind: 'file',
    path,
    mode: 0o644,
    data: Buffer.from(content),
  })
  const folders = ['tmp', 'root', 'run', 'run/sshd'].filter((path) => !present.has(path))
  const shell = present.has('bin') ? 'usr/bin/sh' : 'bin/sh'
  const mine = [
    text('etc/passwd', 'root:x:0:0:root:/root:/bin/dash\nsshd:x:100:65534::/run/sshd:/bin/false\n'),
    text('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
  ]
  return [
    ...folders.map((path): Entry => ({ kind: 'folder', path, mode: 0o755 })),
    ...entries.filter(({ path }) => !mine.some((one) => one.path === path)),
    ...(present.has(shell) ? [] : [{ kind: 'link', path: shell, target: 'dash' } as Entry]),
    ...mine,
  ]
}
