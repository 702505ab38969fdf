/**
 * One runner as the daemon sees it: starts it in its namespaces, takes its sockets, passes connections in, ends it.
 * The namespaces live as long as the runner, or a program in them, does.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import type dgram from 'node:dgram'
import { mkdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import { type Code, fault } from '../diagnose/catalogue.ts'
import { ChurnMap } from '../lib/churn.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { FromRunner, RunnerOptions, ToRunner } from '../lib/runner-protocol.ts'
import { acceptSlabs } from '../lib/slab-server.ts'
import { namespaceFault } from './namespace-fault.ts'

export interface RunnerHandlers {
  /** A connection of the program, paused and half-open capable. */
  onConnection(socket: net.Socket): void
  onDnsServer(server: net.Server): void
  onDnsSocket(socket: dgram.Socket): void
  /** The runner is gone, once, whoever ended it. */
  onExit(): void
}

export interface RunnerStart extends RunnerOptions {
  /** The program's entry, to be run by this Node. */
  entry: string
  /** Folder that the runner mounts over while it sets up. */
  folder: string
  handlers: RunnerHandlers
  clock: Clock
  logger: Logger
  signal: AbortSignal
}

const START_MS = 10_000
const END_MS = 1000
const UNSHARE = ['--user', '--map-current-user', '--keep-caps', '--net', '--mount', '--propagation', 'private']

export class Runner {
  readonly #child: ChildProcess
  readonly #handlers: RunnerHandlers
  readonly #clock: Clock
  readonly #folder: string
  readonly #waiting = new ChurnMap<number, { resolve: (socket: net.Socket) => void; reject: (error: Error) => void }>()
  readonly #sockets: { close(): unknown }[] = []
  #nextId = 1
  #ended = false
  /** Process in whose namespaces programs are started. */
  pid = 0
  notes: string[] = []

  private constructor(child: ChildProcess, { handlers, clock, folder }: RunnerStart) {
    this.#child = child
    this.#folder = folder
    this.#handlers = handlers
    this.#clock = clock
  }

  /** Starts a runner. Rejects with RC-L-104, -105 or -106, or when `signal` is aborted; then nothing is left. */
  static async start(options: RunnerStart): Promise<Runner> {
    const { entry, folder, search, logger, clock, signal } = options
    signal.throwIfAborted()
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const child = spawn('unshare', [...UNSHARE, '--', process.execPath, entry, 'runner'], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, REMOCAL_RUNNER: JSON.stringify({ search, folder }) },
    })
    const runner = new Runner(child, options)
    let said = ''
    child.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-2000)
      logger.info({ runner: child.pid, said: bytes.toString().trim() }, 'runner')
    })
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = clock.after(START_MS, () =>
          reject(fault('RC-L-106', 'Cannot make a network for the program: it did not answer within 10 s.')),
        )
        const settle = (call: () => void) => {
          timer.cancel()
          call()
        }
        signal.addEventListener('abort', () => settle(() => reject(signal.reason)), { once: true })
        child.on('error', (error) => settle(() => reject(namespaceFault(error.message, error))))
        child.on('close', () => settle(() => reject(namespaceFault(said))))
        child.on('message', (message, handle) => {
          const from = message as FromRunner
          if (from.kind === 'ready') {
            runner.pid = from.pid
            runner.notes = from.notes
            settle(resolve)
          } else if (from.kind === 'failed') {
            const known = from.code === 'RC-L-104' ? namespaceFault(from.sentence) : undefined
            settle(() => reject(known ?? fault(from.code as Code, from.sentence, from.actions)))
          } else runner.#onMessage(from, handle)
        })
      })
    } catch (error) {
      runner.close()
      throw error
    }
    child.on('close', () => runner.close())
    if (child.exitCode !== null || child.signalCode !== null) runner.close()
    return runner
  }

  /** Connects to a port on which the program listens. Rejects with the kernel's `code`, such as `ECONNREFUSED`. */
  connect(port: number): Promise<net.Socket> {
    if (this.#ended) return Promise.reject(coded('ECONNREFUSED', 'the program has ended'))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#tell({ kind: 'connect', id, port })
    })
  }

  /** Ends the runner and everything it handed over. */
  close(): void {
    if (this.#ended) return
    this.#ended = true
    this.#tell({ kind: 'end' })
    if (this.#child.connected) this.#child.disconnect()
    // One that is stuck must not keep the network either.
    this.#clock.after(END_MS, () => this.#child.kill('SIGKILL'))
    const sweep = (): void => rmSync(this.#folder, { recursive: true, force: true })
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) sweep()
    else this.#child.once('exit', sweep)
    for (const socket of this.#sockets) socket.close()
    for (const { reject } of this.#waiting.values()) reject(coded('ECONNREFUSED', 'the program has ended'))
    this.#waiting.clear()
    this.#handlers.onExit()
  }

  #tell(message: ToRunner): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  #onMessage(from: FromRunner, handle: unknown): void {
    switch (from.kind) {
      case 'tcp':
      case 'dns-tcp': {
        const server = handle as net.Server
        // What Node's own `createServer` options would set; a received server has none.
        Object.assign(server, { allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
        this.#sockets.push(server)
        if (from.kind === 'tcp') server.on('connection', (socket) => this.#handlers.onConnection(acceptSlabs(socket)))
        else this.#handlers.onDnsServer(server)
        break
      }
      case 'dns-udp':
        this.#sockets.push(handle as dgram.Socket)
        this.#handlers.onDnsSocket(handle as dgram.Socket)
        break
      case 'connected': {
        const socket = handle as net.Socket | undefined
        const waiting = this.#take(from.id)
        if (!(socket instanceof net.Socket)) waiting?.reject(coded('ECONNRESET', 'the connection broke on its way'))
        else if (waiting === undefined) socket.destroy()
        else {
          socket.allowHalfOpen = true
          waiting.resolve(socket)
        }
        break
      }
      case 'refused':
        this.#take(from.id)?.reject(coded(from.code, from.message))
        break
      case 'ready':
      case 'failed':
        break
    }
  }

  #take(id: number): { resolve: (socket: net.Socket) => void; reject: (error: Error) => void } | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    return waiting
  }
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
