/** One container: a process that is started, watched, started again, ended. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, renameSync } from 'node:fs'
import { constants } from 'node:os'
import { timeNow } from '../apiserver/store.ts'

/** Pauses between restarts: at once, then growing, as the kubelet's. */
const BACK_OFF_MS = { first: 1000, most: 60_000 }
/** A container that ran so long starts again at once. */
const STEADY_MS = 60_000
/** So long a program has in any case to end, as the kubelet's, unless it was to be killed at once. */
const LEAST_GRACE_MS = 2000

export interface ContainerState {
  running?: { startedAt: string }
  waiting?: { reason: string; message?: string }
  terminated?: {
    exitCode: number
    reason: string
    startedAt: string
    finishedAt: string
    containerID: string
    signal?: number
  }
}

export interface ContainerOptions {
  name: string
  image: string
  logPath: string
  /** Where the log of the run before goes. */
  previousLogPath: string
  restart: 'Always' | 'OnFailure' | 'Never'
  /** Program, arguments and environment; throws with why the container cannot be made. */
  command(): { command: string[]; env: Record<string, string> }
  /** It runs. @returns called when it does not any more */
  onRun?(): () => void
  /** Done while it still runs, before it is told to end; resolves within the grace period. */
  beforeStop?(graceSeconds: number): Promise<void>
  /** What people may want to read of it. */
  onEvent?(reason: string, message: string, type?: 'Normal' | 'Warning'): void
  onChange(): void
}

export class PodContainer {
  readonly name: string
  readonly image: string
  state: ContainerState = { waiting: { reason: 'ContainerCreating' } }
  lastState: ContainerState = {}
  restartCount = 0
  id = ''
  ready = false
  started = false
  readonly #options: ContainerOptions
  #child: ChildProcess | undefined
  #stopping = false
  #backOffMs = 0
  #timer: NodeJS.Timeout | undefined
  #killTimer: NodeJS.Timeout | undefined
  #endOfRun: (() => void) | undefined
  #lastProblem: string | undefined
  #ended = Promise.withResolvers<void>()

  constructor(options: ContainerOptions) {
    this.#options = options
    this.name = options.name
    this.image = options.image
  }

  get isRunning(): boolean {
    return this.state.running !== undefined
  }

  /** It is over and will not start again. */
  get isFinished(): boolean {
    return this.state.terminated !== undefined && this.#timer === undefined && this.#child === undefined
  }

  /** Resolves when it is over for good. */
  get finished(): Promise<void> {
    return this.#ended.promise
  }

  /** The first process of the container, as this namespace numbers it. */
  get pid(): number | undefined {
    const { pid } = this.#child ?? {}
    if (pid === undefined) return undefined
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
      return Number(children[0]) || pid
    } catch {
      return pid
    }
  }

  start(): void {
    this.#timer = undefined
    if (this.#stopping) return
    let prepared: { command: string[]; env: Record<string, string> }
    try {
      prepared = this.#options.command()
    } catch (error) {
      const { message, code } = error as Error & { code?: string }
      this.state = { waiting: { reason: typeof code === 'string' ? code : 'CreateContainerConfigError', message } }
      if (this.#lastProblem !== message) this.#options.onEvent?.('Failed', `Error: ${message}`, 'Warning')
      this.#lastProblem = message
      this.#timer = setTimeout(() => this.start(), BACK_OFF_MS.first)
      this.#options.onChange()
      return
    }
    const startedAt = timeNow()
    const startedMs = performance.now()
    this.id = `sandbox://${randomBytes(32).toString('hex')}`
    if (this.restartCount > 0) renameSync(this.#options.logPath, this.#options.previousLogPath)
    const log = openSync(this.#options.logPath, 'a', 0o600)
    const [program = '', ...args] = prepared.command
    const child = spawn(program, args, { stdio: ['ignore', log, log], env: prepared.env, detached: true })
    closeSync(log)
    this.#child = child
    this.state = { running: { startedAt } }
    this.#lastProblem = undefined
    this.#options.onEvent?.('Pulled', `Container image "${this.image}" already present on machine`)
    this.#options.onEvent?.('Created', `Created container ${this.name}`)
    this.#options.onEvent?.('Started', `Started container ${this.name}`)
    child.on('error', () => {})
    child.on('close', (code, signal) => this.#onExit(code ?? 128, signal, startedAt, performance.now() - startedMs))
    this.#endOfRun = this.#options.onRun?.()
    this.#options.onChange()
  }

  /** What is to be done before, SIGTERM, and SIGKILL after the grace period. Resolves when it is over. */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#child === undefined) {
      this.#ended.resolve()
      return
    }
    const startedAt = performance.now()
    await this.#options.beforeStop?.(graceSeconds)
    const leftMs = graceSeconds * 1000 - (performance.now() - startedAt)
    this.#signal('SIGTERM')
    const late = setTimeout(
      () => this.#signal('SIGKILL'),
      Math.max(leftMs, Math.min(graceSeconds * 1000, LEAST_GRACE_MS)),
    )
    await this.#ended.promise
    clearTimeout(late)
  }

  /** Ends this run as `stop` does; the restart policy decides what follows. */
  endRun(graceSeconds: number): void {
    this.#signal('SIGTERM')
    this.#killTimer = setTimeout(() => this.#signal('SIGKILL'), graceSeconds * 1000)
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this
    if (pid === undefined) return
    try {
      process.kill(pid, signal)
    } catch {
      // It has just ended.
    }
  }

  #onExit(code: number, signal: NodeJS.Signals | null, startedAt: string, ranMs: number): void {
    this.#child = undefined
    clearTimeout(this.#killTimer)
    this.#endOfRun?.()
    this.#endOfRun = undefined
    this.ready = false
    this.started = false
    const exitCode = signal === null ? code : 128 + constants.signals[signal]
    const reason = exitCode === 0 ? 'Completed' : 'Error'
    const terminated = { exitCode, reason, startedAt, finishedAt: timeNow(), containerID: this.id }
    this.state = { terminated }
    const { restart, onChange } = this.#options
    const again = !this.#stopping && (restart === 'Always' || (restart === 'OnFailure' && exitCode !== 0))
    if (!again) {
      this.#ended.resolve()
      onChange()
      return
    }
    this.restartCount++
    this.lastState = { terminated }
    if (ranMs > STEADY_MS) this.#backOffMs = 0
    const waitMs = this.#backOffMs
    this.#backOffMs = Math.min(Math.max(BACK_OFF_MS.first, this.#backOffMs * 2), BACK_OFF_MS.most)
    if (waitMs > 0) {
      const message = `back-off ${waitMs / 1000}s restarting failed container`
      this.state = { waiting: { reason: 'CrashLoopBackOff', message } }
      this.#options.onEvent?.('BackOff', `Back-off restarting failed container ${this.name}`, 'Warning')
    }
    this.#timer = setTimeout(() => this.start(), waitMs)
    onChange()
  }
}
