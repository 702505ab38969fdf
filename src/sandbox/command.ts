/** What `remocal sandbox …` does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fault } from '../diagnose/catalogue.ts'
import { claimStateFolder } from '../diagnose/claim-state-folder.ts'
import { stateFolder } from '../lib/state-folder.ts'
import { systemReason } from '../lib/system-reason.ts'
import { type Image, readImages } from './kubelet/images.ts'
import type { FromSandbox } from './main.ts'
import { markOf, runningSandbox, type SandboxPaths, sandboxPaths } from './state.ts'

const UP_MS = 20_000
const NAMESPACES = [
  '--mount',
  '--net',
  '--uts',
  '--ipc',
  '--pid',
  '--fork',
  '--mount-proc',
  '--propagation',
  'private',
  '--kill-child=KILL',
]
const USER = ['--user', '--map-root-user']

export interface SandboxEnvironment {
  env: Record<string, string | undefined>
  /** The program's entry. */
  entry: string
}

export interface SandboxUp {
  kubeconfig: string
  already: boolean
  tookMs: number
}

/** Brings it up; one that runs stays as it is. Throws RC-S-401. */
export async function sandboxUp({ env, entry }: SandboxEnvironment): Promise<SandboxUp> {
  const startedAt = performance.now()
  const paths = sandboxPaths(env)
  if (runningSandbox(paths) !== undefined) return { kubeconfig: paths.kubeconfig, already: true, tookMs: 0 }
  claimStateFolder(stateFolder(env))
  removeLeftovers(paths)
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 })
  try {
    await start(paths, env, entry, [...USER, ...NAMESPACES])
  } catch (error) {
    // Root may not have a user namespace where they are forbidden, but needs none.
    if (process.getuid?.() !== 0) throw error
    await start(paths, env, entry, NAMESPACES)
  }
  return { kubeconfig: paths.kubeconfig, already: false, tookMs: performance.now() - startedAt }
}

async function start(
  paths: SandboxPaths,
  env: SandboxEnvironment['env'],
  entry: string,
  namespaces: string[],
): Promise<void> {
  const listener = createServer({ pauseOnConnect: true })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const log = openSync(paths.log, 'a', 0o600)
  const child = spawn('unshare', [...namespaces, '--', process.execPath, entry, 'sandbox-process'], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...env, REMOCAL_HOME: stateFolder(env) } as NodeJS.ProcessEnv,
  })
  closeSync(log)
  try {
    const mark = child.pid === undefined ? undefined : markOf(child.pid)
    if (mark !== undefined) writeFileSync(paths.pid, JSON.stringify(mark), { mode: 0o600 })
    await untilReady(child, listener, paths)
    child.send({ kind: 'detach' })
    child.disconnect()
    child.unref()
  } catch (error) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    throw error
  } finally {
    listener.close()
  }
}

async function untilReady(
  child: ChildProcess,
  listener: ReturnType<typeof createServer>,
  paths: SandboxPaths,
): Promise<void> {
  const { promise, resolve: done, reject } = Promise.withResolvers<void>()
  const fail = (why: string): void =>
    reject(fault('RC-S-401', `Cannot start the sandbox: ${why}.`, [`see ${paths.log}`]))
  const late = setTimeout(() => fail('it was not ready within 20 s'), UP_MS)
  child.on('message', (message: FromSandbox) => {
    if (message.kind === 'ready') done()
    else fail(message.message)
  })
  child.once('error', (error) => fail(systemReason(error)))
  child.once('exit', () => fail(lastLine(paths.log)))
  child.send({ kind: 'listen' }, listener, () => {})
  try {
    await promise
  } finally {
    clearTimeout(late)
  }
}

function lastLine(path: string): string {
  const line = readFileSync(path, 'utf8').trim().split('\n').at(-1) ?? ''
  return line === '' ? 'it ended at once' : line.replace(/\.$/, '')
}

/** Takes it down. @returns false when none was up */
export async function sandboxDown({ env }: Pick<SandboxEnvironment, 'env'>): Promise<boolean> {
  const paths = sandboxPaths(env)
  const running = runningSandbox(paths)
  if (running !== undefined) {
    process.kill(running.pid, 'SIGKILL')
    while (runningSandbox(paths) !== undefined && !isZombie(running.pid)) await delay(10)
  }
  const there = existsSync(paths.folder)
  // Pods that are just dying may still write to their logs.
  rmSync(paths.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  return running !== undefined || there
}

function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/s, ''))
  } catch {
    return true
  }
}

/** Images stay: they are the user's, not the sandbox's that was killed. */
function removeLeftovers(paths: SandboxPaths): void {
  for (const path of [paths.pods, paths.pid, paths.kubeconfig, paths.log])
    rmSync(path, { recursive: true, force: true })
}

export interface SandboxStatus {
  state: 'up' | 'down'
  pid?: number
  kubeconfig?: string
  images: Record<string, Image>
}

export function sandboxStatus({ env }: Pick<SandboxEnvironment, 'env'>): SandboxStatus {
  const paths = sandboxPaths(env)
  const running = runningSandbox(paths)
  const images = readImages(paths.images)
  return running === undefined
    ? { state: 'down', images }
    : { state: 'up', pid: running.pid, kubeconfig: paths.kubeconfig, images }
}

/** The path, whether or not there is a file. Throws RC-S-401 when no sandbox is up. */
export function sandboxKubeconfig({ env }: Pick<SandboxEnvironment, 'env'>): string {
  const paths = sandboxPaths(env)
  if (runningSandbox(paths) !== undefined) return paths.kubeconfig
  throw fault('RC-S-401', 'The sandbox is not up.', ['remocal sandbox up'])
}

/** Names an image; a container that waits for it starts by itself. */
export function addImage({ env }: Pick<SandboxEnvironment, 'env'>, name: string, image: Image): void {
  const paths = sandboxPaths(env)
  claimStateFolder(stateFolder(env))
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 })
  const next = `${paths.images}.new`
  writeFileSync(
    next,
    JSON.stringify({ ...readImages(paths.images), [name]: { ...image, root: resolve(image.root) } }, undefined, 1),
  )
  renameSync(next, paths.images)
}
