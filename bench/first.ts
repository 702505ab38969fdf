/** `npm run bench -- first [--cluster]`: start-up times and idle memory, on a sandbox of its own or on the cluster of KUBECONFIG. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bundle } from '../scripts/bundle.ts'
import { apply, manifests } from '../test/e2e/manifests.ts'
import { clientOf } from '../test/e2e/place.ts'
import { type Process, processes } from '../test/e2e/processes.ts'
import { until, untilReady } from '../test/e2e/ready.ts'
import { REMOCAL, remocal, run } from '../test/e2e/remocal.ts'
import type { MeasureOptions } from './figure.ts'
import { type Figure, figure } from './figure.ts'

const RUNS = 5
const MB = 1e6
const home = mkdtempSync(join(tmpdir(), 'remocal-bench-'))

export async function measure(say: (line: string) => void, { cluster }: MeasureOptions): Promise<Figure[]> {
  await bundle()
  const env = {
    REMOCAL_HOME: home,
    KUBECONFIG: cluster ? (process.env.KUBECONFIG ?? '') : join(home, 'sandbox/kubeconfig'),
  }
  try {
    say('preparing the cluster')
    if (!cluster) await sandbox(env)
    const client = clientOf(env.KUBECONFIG)
    await apply(client, manifests('examples/shop/manifests'))
    await untilReady(client, 'shop')
    await must(['install', '--image', 'remocal:dev'], env)
    const figures = [
      await version(),
      await connecting(say, env, cluster),
      await intercepting(say, env, client),
      ...(await idle(say, env)),
    ]
    client.close()
    return figures
  } finally {
    await remocal(['quit'], { env })
    if (cluster) await remocal(['uninstall'], { env, limitMs: 120_000 })
    else await remocal(['sandbox', 'down'], { env })
    rmSync(home, { recursive: true, force: true })
  }
}

type Env = Record<string, string>

async function must(args: string[], env: Env): Promise<void> {
  const { code, stderr } = await remocal(args, { env, limitMs: 180_000 })
  if (code !== 0) throw new Error(`remocal ${args.join(' ')} ended with ${code}: ${stderr}`)
}

async function sandbox(env: Env): Promise<void> {
  const root = resolve(import.meta.dirname, '..')
  await must(['sandbox', 'up'], env)
  await must(['sandbox', 'image', 'remocal:dev', '--root', root, '--', REMOCAL], env)
  await must(
    ['sandbox', 'image', 'remocal-shop:dev', '--root', join(root, 'examples/shop'), '--', process.execPath],
    env,
  )
}

async function timed(work: () => unknown): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function times(work: (index: number) => Promise<number>): Promise<number[]> {
  const values: number[] = []
  for (let index = 0; index < RUNS; index++) values.push(await work(index))
  return values
}

/** Of kubectl, if there is one; else no peer. */
const hasKubectl = (): boolean => spawnSync('kubectl', ['version', '--client']).status === 0

async function version(): Promise<Figure> {
  const of = (command: string, ...args: string[]): Promise<number[]> =>
    times(() => timed(() => spawnSync(command, args)))
  const values = await of(REMOCAL, '--version')
  const peer = hasKubectl()
    ? { name: 'kubectl version --client', values: await of('kubectl', 'version', '--client') }
    : undefined
  return figure({
    name: 'remocal --version',
    values,
    unit: 'ms',
    ...(peer !== undefined && { peer }),
    goal: '< 60 ms',
    holds: (value) => value < 60,
  })
}

async function connecting(say: (line: string) => void, env: Env, cluster: boolean): Promise<Figure> {
  say('connect')
  const values = await times(async () => {
    await must(['quit'], env)
    return timed(() => must(['connect'], env))
  })
  const limit = cluster ? 2000 : 1000
  const peer = hasKubectl()
    ? { name: 'kubectl port-forward until first byte', values: await times(() => portForward(env)) }
    : undefined
  return figure({
    name: 'remocal connect, with a new daemon',
    values,
    unit: 'ms',
    ...(peer !== undefined && { peer }),
    goal: `< ${limit} ms`,
    holds: (value) => value < limit,
  })
}

/** Until a request through it has its first byte. */
async function portForward(env: Env): Promise<number> {
  const startedAt = performance.now()
  const child = spawn('kubectl', ['port-forward', '-n', 'shop', 'svc/orders', ':80'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const port = await new Promise<string>((found) => {
    let text = ''
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      const match = /127\.0\.0\.1:(\d+)/.exec(text)?.[1]
      if (match !== undefined) found(match)
    })
  })
  await (await fetch(`http://127.0.0.1:${port}/health`)).text()
  const took = performance.now() - startedAt
  child.kill()
  return took
}

/** Asks the Service every 10 ms, from inside the cluster's network, and says who answered. */
const ASKING = `
for (;;) {
  try {
    const response = await fetch('http://orders/orders/1', { headers: { 'x-user': 'bench', connection: 'close' }, signal: AbortSignal.timeout(2000) })
    console.log((await response.json()).host)
  } catch { console.log('failed') }
  await new Promise((resolve) => setTimeout(resolve, 10))
}`

async function intercepting(
  say: (line: string) => void,
  env: Env,
  client: ReturnType<typeof clientOf>,
): Promise<Figure> {
  const values = await times(async (index) => {
    say(`intercept ${index + 1} of ${RUNS}`)
    // New pods, so that no agent is there yet.
    const { items } = await client.list(
      { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' },
      { labelSelector: 'app=orders' },
    )
    for (const { metadata } of items)
      await client.delete(
        { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: metadata.name },
        { gracePeriodSeconds: 0 },
      )
    await until('the old pods are gone', 30_000, async () => {
      const now = await client.list(
        { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' },
        { labelSelector: 'app=orders' },
      )
      return now.items.every(({ metadata }) => items.every((old) => old.metadata.uid !== metadata.uid))
    })
    await untilReady(client, 'shop')
    const asking = spawn(REMOCAL, ['run', '-n', 'shop', '--', process.execPath, '--input-type=module', '-e', ASKING], {
      env: { ...process.env, ...env },
    })
    await printed(asking, /orders-/)
    const startedAt = performance.now()
    const args = [
      'intercept',
      'deploy/orders',
      '-n',
      'shop',
      '--header',
      'x-user=bench',
      '--',
      process.execPath,
      'examples/shop/orders.js',
    ]
    const intercept = spawn(REMOCAL, args, { env: { ...process.env, ...env, HOST_LABEL: 'laptop' }, stdio: 'ignore' })
    await printed(asking, /laptop/)
    const took = performance.now() - startedAt
    intercept.kill('SIGTERM')
    asking.kill('SIGTERM')
    await Promise.all([closed(intercept), closed(asking)])
    return took
  })
  return figure({
    name: 'intercept until the laptop answers, no agent before',
    values,
    unit: 'ms',
    goal: '< 1500 ms',
    holds: (value) => value < 1500,
  })
}

function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((done, reject) => {
    let text = ''
    const look = (bytes: Buffer): void => {
      text = (text + bytes.toString()).slice(-2000)
      if (!pattern.test(text)) return
      child.stdout?.off('data', look)
      done()
    }
    child.stdout?.on('data', look)
    child.once('exit', () => reject(new Error(`ended before it printed ${pattern}: ${text}`)))
  })
}

function closed(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done()
    else child.once('exit', () => done())
  })
}

async function idle(say: (line: string) => void, env: Env): Promise<Figure[]> {
  say('idle memory')
  await must(['intercept', 'deploy/orders', '-n', 'shop', '--header', 'x-user=bench'], env)
  await delay(10_000)
  const samples = async (what: RegExp, mine: (one: Process) => boolean, field: string): Promise<number[]> =>
    times(async () => {
      await delay(200)
      const sizes = processes(what)
        .filter(mine)
        .map(({ pid }) => sizeOf(pid, field))
      if (sizes.length === 0) throw new Error(`no process ${what} was found`)
      return Math.max(...sizes) / MB
    })
  const all = (): boolean => true
  const ofLaptop = ({ environment }: Process): boolean => environment.includes(`REMOCAL_HOME=${env.REMOCAL_HOME}\n`)
  const rows: [name: string, what: RegExp, mine: (one: Process) => boolean, field: string, limit: number][] = [
    ['agent, anonymous memory', /(main\.ts|remocal\.mjs) agent --namespace/, all, 'Anonymous', 25],
    ['agent, RSS', /(main\.ts|remocal\.mjs) agent --namespace/, all, 'Rss', 65],
    ['manager, RSS', /(main\.ts|remocal\.mjs) manager$/, all, 'Rss', 90],
    ['daemon, RSS', /(main\.ts|remocal\.mjs) daemon$/, ofLaptop, 'Rss', 90],
  ]
  const figures: Figure[] = []
  for (const [name, what, mine, field, limit] of rows) {
    figures.push(
      figure({
        name,
        values: await samples(what, mine, field),
        unit: 'MB',
        goal: `≤ ${limit} MB`,
        holds: (value) => value <= limit,
      }),
    )
  }
  await run(REMOCAL, ['leave'], { env })
  return figures
}

/** Bytes of one kind of memory (proc_pid_smaps(5)). */
function sizeOf(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
}
