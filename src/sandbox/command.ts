/** What `remocal sandbox …` does. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fault } from '../diagnose/catalogue.ts'
import { claimStateFolder } from '../diagnose/claim-state-folder.ts'
import { stateFolder } from '../lib/state-folder.ts'
import { systemReason } from '../lib/system-reason.ts'
import { imageOf, VERSION } from '../lib/version.ts'
import { type Image, readImages } from './kubelet/images.ts'
import { lockFolder } from './lock.ts'
import type { FromSandbox } from './main.ts'
import { startInNamespaces } from './namespaces.ts'
import {
  childrenOf,
  isRunning,
  markOf,
  type ProcessMark,
  runningSandbox,
  type SandboxPaths,
  sandboxPaths,
} from './state.ts'
import { holding, startSweeper } from './sweeper.ts'

const UP_MS = 20_000

export interface SandboxEnvironment {
  env: Record<string, string | undefined>
  /** The program's entry. */
  entry: string
  /** The sandbox ends with the process that calls, as a test wants it. */
  endsWithCaller?: boolean
}

export interface SandboxUp {
  kubeconfig: string
  already: boolean
  tookMs: number
}

/** Brings it up; one that runs stays as it is, one that another command is just bringing up is waited for. Throws RC-S-401. */
export async function sandboxUp(options: SandboxEnvironment): Promise<SandboxUp> {
  const startedAt = performance.now()
  const paths = sandboxPaths(options.env)
  claimStateFolder(stateFolder(options.env))
  return await withLock(paths, async () => {
    if (runningSandbox(paths) !== undefined) return { kubeconfig: paths.kubeconfig, already: true, tookMs: 0 }
    removeLeftovers(paths)
    mkdirSync(paths.folder, { recursive: true, mode: 0o700 })
    knowOwnImage(options)
    await start(paths, options)
    return { kubeconfig: paths.kubeconfig, already: false, tookMs: performance.now() - startedAt }
  })
}

/** A plain `remocal install` finds the image that it asks for: this very program. */
function knowOwnImage({ env, entry }: SandboxEnvironment): void {
  const name = imageOf(VERSION)
  const command = [process.execPath, entry]
  if (readImages(sandboxPaths(env).images)[name] === undefined)
    addImage({ env }, name, { root: dirname(entry), command })
}

async function withLock<T>({ folder }: SandboxPaths, work: () => Promise<T>): Promise<T> {
  const unlock = await lockFolder(folder, 2 * UP_MS).catch((error: unknown) => {
    const why = `another command works on it: ${systemReason(error as Error)}`
    throw fault('RC-S-401', `Cannot touch the sandbox: ${why}. Nothing was changed.`, ['try again'])
  })
  try {
    return await work()
  } finally {
    await unlock()
  }
}

async function start(paths: SandboxPaths, { env, entry, endsWithCaller = false }: SandboxEnvironment): Promise<void> {
  const listener = createServer({ pauseOnConnect: true })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const log = openSync(paths.log, 'a', 0o600)
  const command = [process.execPath, entry, 'sandbox-process']
  const held = (line: string[]): string[] => holding(paths, line)
  const child = await startInNamespaces(command, log, { ...env, REMOCAL_HOME: stateFolder(env) }, held)
  closeSync(log)
  try {
    await untilReady(child, listener, paths)
    startSweeper(paths, writeMark(paths, child.pid))
    if (endsWithCaller) child.channel?.unref()
    else {
      child.send({ kind: 'detach' })
      child.disconnect()
    }
    child.unref()
  } catch (error) {
    // The sandbox ends when it cannot hear us, even where what should take it down has ended too early.
    if (child.connected) child.disconnect()
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    throw error
  } finally {
    listener.close()
  }
}

function writeMark(paths: SandboxPaths, pid = 0): ProcessMark {
  const next = `${paths.pid}.new`
  const mark = markOf(pid) ?? { pid, startedAt: '' }
  writeFileSync(next, JSON.stringify(mark), { mode: 0o600 })
  renameSync(next, paths.pid)
  return mark
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
export function sandboxDown({ env }: Pick<SandboxEnvironment, 'env'>): Promise<boolean> {
  const paths = sandboxPaths(env)
  return withLock(paths, async () => {
    const running = runningSandbox(paths)
    if (running !== undefined) {
      const inside = childrenOf(running.pid)
      process.kill(running.pid, 'SIGKILL')
      // The kernel ends the first process of a PID namespace after all others of it.
      for (const mark of [running, ...inside]) while (isRunning(mark)) await delay(10)
    }
    const there = existsSync(paths.folder)
    rmSync(paths.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
    return running !== undefined || there
  })
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

/** Where the kubeconfig is while it is up. */
export function kubeconfigPath({ env }: Pick<SandboxEnvironment, 'env'>): string {
  return sandboxPaths(env).kubeconfig
}

/** The path. Throws RC-S-401 when no sandbox is up. */
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
