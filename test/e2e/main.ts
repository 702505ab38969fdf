/** `npm run e2e [-- --cluster] [NAME…]`: prepares a cluster, runs the scenarios on it, and takes away what it made. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { keepCompiled } from '../../scripts/compile-cache.ts'
import { lastLogs } from './logs.ts'
import { apply, manifests } from './manifests.ts'
import { clientOf } from './place.ts'
import { untilReady } from './ready.ts'
import { type Ran, remocal, run } from './remocal.ts'

const { values, positionals } = parseArgs({ options: { cluster: { type: 'boolean' } }, allowPositionals: true })
const kind = values.cluster ? 'cluster' : 'sandbox'
const home = mkdtempSync(join(tmpdir(), 'remocal-e2e-'))
const say = (text: string): boolean => process.stdout.write(`e2e: ${text}\n`)

async function step(what: string, done: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  await done()
  say(`${what} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`)
}

async function must(ran: Promise<Ran>): Promise<Ran> {
  const { code, stdout, stderr } = await ran
  if (code !== 0) throw new Error(`a preparing command ended with ${code}:\n${stderr}${stdout}`)
  return { code, stdout, stderr }
}

/** @returns the kubeconfig's path */
async function sandboxUp(): Promise<string> {
  const env = { REMOCAL_HOME: home }
  const root = join(import.meta.dirname, '../..')
  const image = (name: string, folder: string, ...command: string[]): Promise<Ran> =>
    must(remocal(['sandbox', 'image', name, '--root', folder, '--', ...command], { env }))
  await must(remocal(['sandbox', 'up'], { env }))
  await image('remocal:dev', root, join(root, 'bin/remocal'))
  await image('remocal-shop:dev', join(root, 'examples/shop'), process.execPath)
  return (await must(remocal(['sandbox', 'kubeconfig'], { env }))).stdout.trim()
}

/** Lets the kit load the images, where there is one. */
async function loadImages(): Promise<void> {
  const { REMOCAL_E2E_KIT: kit, REMOCAL_E2E_KIT_CLUSTER: cluster } = process.env
  if (kit === undefined || cluster === undefined) return
  for (const archive of ['dist/remocal.tar', 'dist/shop.tar']) {
    await step(`loaded ${archive}`, () => must(run(kit, ['load', cluster, archive], { limitMs: 300_000 })))
  }
}

async function prepare(): Promise<NodeJS.ProcessEnv> {
  let kubeconfig = process.env.KUBECONFIG
  if (kind === 'sandbox') {
    await step('sandbox up', async () => {
      kubeconfig = await sandboxUp()
    })
  } else await loadImages()
  if (kubeconfig === undefined) throw new Error('KUBECONFIG says which cluster; it is not set')
  const env = { KUBECONFIG: kubeconfig, REMOCAL_HOME: home }
  const client = clientOf(kubeconfig)
  await step('shop ready', async () => {
    await apply(client, manifests('examples/shop/manifests'))
    await untilReady(client, 'shop')
  })
  client.close()
  await step('Remocal installed', () => must(remocal(['install', '--image', 'remocal:dev'], { env, limitMs: 180_000 })))
  return { ...process.env, KUBECONFIG: kubeconfig, REMOCAL_E2E_KIND: kind, REMOCAL_E2E_SANDBOX_HOME: home }
}

async function scenarios(env: NodeJS.ProcessEnv): Promise<number> {
  const wanted = (file: string): boolean =>
    positionals.length === 0 || positionals.some((name) => basename(file).includes(name))
  const files = globSync('test/e2e/scenarios/*.test.ts').filter(wanted).sort()
  if (files.length === 0) throw new Error(`no scenario is called ${positionals.join(' or ')}`)
  const reports = ['--test-reporter=spec', '--test-reporter-destination=stdout']
  const child = spawn(
    process.execPath,
    ['--test', '--test-concurrency=1', '--test-timeout=360000', ...reports, ...files],
    { env, stdio: 'inherit' },
  )
  // Given up half way, what was made is taken away all the same.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  await once(child, 'close')
  return child.exitCode ?? 1
}

async function takeAway(): Promise<void> {
  const env = { REMOCAL_HOME: home }
  await remocal(['quit'], { env })
  if (kind === 'sandbox') await step('sandbox down', () => must(remocal(['sandbox', 'down'], { env })))
  else if (process.env.KUBECONFIG !== undefined) {
    await step('Remocal uninstalled', () => must(remocal(['uninstall'], { env, limitMs: 120_000 })))
    const client = clientOf(process.env.KUBECONFIG)
    await client.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'shop' })
    client.close()
  }
  rmSync(home, { recursive: true, force: true })
}

process.chdir(join(import.meta.dirname, '../..'))
keepCompiled()
let code = 1
try {
  const env = await prepare()
  code = await scenarios(env)
  if (code !== 0 && env.KUBECONFIG !== undefined) say(`what the parts said last:\n${await lastLogs(env.KUBECONFIG)}`)
} catch (error) {
  say(String((error as Error).stack))
} finally {
  await takeAway().catch((error: Error) => {
    say(`could not take everything away: ${error.message}`)
    code = 1
  })
}
process.exitCode = code
