/** Keeps the ports taken that are wanted and that the app listens on. */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { type Listener, listenTransparent } from './listener.ts'
import { listeningPorts } from './listening.ts'
import { NftTable } from './nft.ts'

const RENEW_MS = 1000

export interface TakeoverOptions {
  clock: Clock
  logger: Logger
  onConnection(client: Socket): void
  /** The taken ports have changed by themselves: the app began or ceased to listen, or nft failed. */
  onChange(): void
}

export class Takeover {
  readonly #options: TakeoverOptions
  readonly #listener: Listener
  readonly #table: NftTable
  readonly #timer: Timer
  #wanted: number[] = []
  #taken: number[] = []
  #broken: string | undefined

  private constructor(options: TakeoverOptions, listener: Listener, table: NftTable) {
    this.#options = options
    this.#listener = listener
    this.#table = table
    this.#timer = options.clock.every(RENEW_MS, () => this.#renew())
    table.onExit = (reason) => {
      this.#broken = reason
      this.#taken = []
      options.logger.error({ reason }, 'nft ended')
      options.onChange()
    }
  }

  /** Makes listener and table; needs the privileges that the agent starts with. Rejects with what the kernel or nft says. */
  static async start(options: TakeoverOptions): Promise<Takeover> {
    const listener = await listenTransparent(options.onConnection)
    const table = new NftTable()
    try {
      await table.create(listener.port, listener.families)
    } catch (error) {
      listener.close()
      table.close()
      throw error
    }
    return new Takeover(options, listener, table)
  }

  /** Ports that are taken now. */
  get taken(): readonly number[] {
    return this.#taken
  }

  /** Why no port can be taken at all, if so. */
  get broken(): string | undefined {
    return this.#broken
  }

  /** Wants these ports from now on; resolves when those that can be are taken. */
  async want(ports: number[]): Promise<void> {
    this.#wanted = ports
    const { take, given, changed } = this.#plan()
    if (!changed || this.#broken !== undefined) return
    this.#taken = take
    try {
      await this.#table.takeNow(take, given)
    } catch (error) {
      this.#broken = (error as Error).message
      this.#taken = []
    }
  }

  /** Gives all ports back. Connections that were taken live on. */
  close(): void {
    this.#timer.cancel()
    this.#table.close()
    this.#listener.close()
  }

  #renew(): void {
    if (this.#broken !== undefined) return
    const { take, given, changed } = this.#plan()
    this.#table.take(take, given)
    this.#taken = take
    if (changed) this.#options.onChange()
  }

  #plan(): { take: number[]; given: number[]; changed: boolean } {
    const listening = this.#wanted.length > 0 ? listeningPorts() : new Set<number>()
    const take = this.#wanted.filter((port) => listening.has(port))
    const given = this.#taken.filter((port) => !take.includes(port))
    return { take, given, changed: given.length > 0 || take.length !== this.#taken.length }
  }
}
