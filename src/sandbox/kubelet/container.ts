/** One container: a process that is started, watched, started again, ended. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { timeNow } from '../apiserver/store.ts'

/** Pauses between restarts: at once, then growing, as the kubelet's. */
const BACK_OFF_MS = { first: 1000, most: 60_000 }
/** A container that ran so long starts again at once. */
const STEADY_MS = 60_000

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
  restart: 'Always' | 'OnFailure' | 'Never'
  /** Program, arguments and environment; throws with why the container cannot be made. */
  command(): { command: string[]; env: Record<string, string> }
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
      this.#timer = setTimeout(() => this.start(), BACK_OFF_MS.first)
      this.#options.onChange()
      return
    }
    const startedAt = timeNow()
    const startedMs = performance.now()
    this.id = `sandbox://${randomBytes(32).toString('hex')}`
    const log = openSync(this.#options.logPath, 'a', 0o600)
    const [program = '', ...args] = prepared.command
    const child = spawn(program, args, { stdio: ['ignore', log, log], env: prepared.env, detached: true })
    closeSync(log)
    this.#child = child
    this.state = { running: { startedAt } }
    this.started = true
    child.on('error', () => {})
    child.on('close', (code, signal) => this.#onExit(code ?? 128, signal, startedAt, performance.now() - startedMs))
    this.#options.onChange()
  }

  /** SIGTERM, and SIGKILL after the grace period. Resolves when it is over. */
  async stop(graceSeconds: number): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#child === undefined) {
      this.#ended.resolve()
      return
    }
    this.#signal('SIGTERM')
    const late = setTimeout(() => this.#signal('SIGKILL'), graceSeconds * 1000)
    await this.#ended.promise
    clearTimeout(late)
  }

  /** Ends the process; the restart policy decides what follows. */
  kill(): void {
    this.#signal('SIGKILL')
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

  #onExit(code: number, signal: string | null, startedAt: string, ranMs: number): void {
    this.#child = undefined
    this.ready = false
    this.started = false
    const exitCode = signal === 'SIGKILL' ? 137 : signal === 'SIGTERM' ? 143 : code
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
    if (waitMs > 0)
      this.state = {
        waiting: { reason: 'CrashLoopBackOff', message: `back-off ${waitMs / 1000}s restarting failed container` },
      }
    this.#timer = setTimeout(() => this.start(), waitMs)
    onChange()
  }
}
