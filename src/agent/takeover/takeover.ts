/** Keeps the ports taken that are wanted and that the app listens on. */
import { Socket } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { type Listener, listenOn, type OnTaken } from './listener.ts'
import { listeningPorts } from './listening.ts'
import { listeningSockets } from './listening-sockets.ts'
import { NftTable } from './nft.ts'
import type { PreparedTakeover } from './prepare.ts'
import { SockDiagQuestions } from './sock-diag-questions.ts'

const RENEW_MS = 1000
const ON_THE_WAY_MS = 100
/** So long what was read is what is: one change asks several times. */
const RECENT_MS = 250

export interface TakeoverOptions {
  clock: Clock
  logger: Logger
  onTaken: OnTaken
  /** The taken ports have changed by themselves: the app began or ceased to listen, or nft failed. */
  onChange(): void
}

export class Takeover {
  readonly #options: TakeoverOptions
  readonly #ownPort: number
  readonly #listener: Listener
  readonly #table: NftTable
  readonly #timer: Timer
  #diag: SockDiagQuestions | undefined
  #wanted: number[] = []
  #taken: ReadonlySet<number> = new Set()
  #problem: string | undefined
  #over = false
  #listens: { ports: ReadonlySet<number>; at: number } | undefined

  private constructor(
    options: TakeoverOptions,
    ownPort: number,
    listener: Listener,
    table: NftTable,
    diag?: SockDiagQuestions,
  ) {
    this.#options = options
    this.#diag = diag
    this.#ownPort = ownPort
    this.#listener = listener
    this.#table = table
    this.#timer = options.clock.every(RENEW_MS, () => void this.#renew())
    table.onExit = (reason) => {
      this.#over = true
      this.#fail(reason)
      options.onChange()
    }
  }

  /** Starts with what `prepareTakeover` made, in this process or the one before it. */
  static async start(
    { mode, port, table: name, listeners, nft, diag }: PreparedTakeover,
    options: TakeoverOptions,
  ): Promise<Takeover> {
    const pipes = {
      stdin: new Socket({ fd: nft.stdin, readable: false, writable: true }),
      stdout: new Socket({ fd: nft.stdout, readable: true, writable: false }),
      stderr: new Socket({ fd: nft.stderr, readable: true, writable: false }),
    }
    const table = new NftTable(pipes, options.clock, name)
    const listener = await listenOn(listeners, mode, options.onTaken)
    return new Takeover(options, port, listener, table, diag === undefined ? undefined : new SockDiagQuestions(diag))
  }

  /** Ports that are taken now. */
  get taken(): ReadonlySet<number> {
    return this.#taken
  }

  /** Connections that were taken over and are open now. */
  get connections(): number {
    return this.#listener.size
  }

  /** Why ports cannot be taken, if so. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** True when no port can ever be taken again. */
  get over(): boolean {
    return this.#over
  }

  /** Ports that the app listens on, as they were a quarter of a second ago at most. */
  listening(): ReadonlySet<number> {
    const now = this.#options.clock.now()
    if (this.#listens !== undefined && now - this.#listens.at < RECENT_MS) return this.#listens.ports
    const ports = this.#read()
    ports.delete(this.#ownPort)
    this.#listens = { ports, at: now }
    return ports
  }

  #read(): Set<number> {
    try {
      if (this.#diag !== undefined) return listeningSockets(this.#diag)
    } catch (error) {
      this.#options.logger.info({ error: (error as Error).message }, 'sockets are read from /proc')
      this.#diag = undefined
    }
    return listeningPorts()
  }

  /** Wants these ports from now on; resolves when those that can be are taken. */
  async want(ports: number[]): Promise<void> {
    this.#wanted = ports
    await this.#apply()
  }

  /** Gives all ports back at once. Connections that were taken live on; resolves when those that were on their way have come. */
  async close(): Promise<void> {
    this.#over = true
    this.#timer.cancel()
    await this.#table.close()
    await new Promise<void>((resolve) => this.#options.clock.after(ON_THE_WAY_MS, resolve))
    await this.#listener.close()
  }

  /** Ends the connections that are open still. */
  closeConnections(): void {
    this.#listener.closeConnections()
  }

  async #renew(): Promise<void> {
    if (this.#wanted.length === 0 && this.#taken.size === 0) return
    const before = [...this.#taken].sort().join()
    const problem = this.#problem
    await this.#apply()
    if ([...this.#taken].sort().join() !== before || this.#problem !== problem) this.#options.onChange()
  }

  async #apply(): Promise<void> {
    if (this.#over) return
    const wanted = new Set(this.#wanted)
    if (wanted.size === 0 && this.#taken.size === 0) return
    const listens = this.listening()
    const take = [...wanted].filter((port) => listens.has(port))
    const given = [...this.#taken].filter((port) => !take.includes(port))
    try {
      const taken = await this.#table.take(take, given)
      if (this.#over) return
      this.#taken = taken
      this.#problem = undefined
    } catch (error) {
      if (!this.#over) this.#fail((error as Error).message)
    }
  }

  #fail(problem: string): void {
    if (this.#problem !== problem) this.#options.logger.error({ problem }, 'ports cannot be taken over')
    this.#problem = problem
    this.#taken = new Set()
  }
}
