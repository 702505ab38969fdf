/** Counts the connections that go past the agent because they were open before their port was taken, and has them ended where that is wished. */
import type { Clock, Timer } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import { ownSockets } from './own-sockets.ts'
import type { Reopening } from './reopening.ts'
import { addressOf, type Connection, connectionsTo } from './socket-table.ts'

const LOOK_MS = 1000
/** Connections that were being opened when the port was taken come later. */
const NEW_MS = 3000
/** A port that was not taken for a moment, because the agent was held, has let some past. */
const SELDOM_MS = 10_000
/** How long what never is quiet is waited for. */
export const REOPEN_MS: number = 10 * 60_000

export interface EarlierOptions {
  clock: Clock
  logger: Logger
  /** What ends connections, or why nothing can. */
  reopening: Pick<Reopening, 'want' | 'problem' | 'close' | 'onNews'> | { problem: string }
  /** Counts have changed, or it was found that connections cannot be ended. */
  onChange(): void
  /** Connections from outside to these ports that are not the agent's. */
  read?(ports: ReadonlySet<number>): Connection[]
}

/** An attachment that wants connections from before ended. */
export interface Wish {
  intercept: string
  ports: readonly number[]
}

export class Earlier {
  readonly #options: EarlierOptions
  readonly #timer: Timer
  #taken: ReadonlySet<number> = new Set()
  #open = new Map<number, Connection[]>()
  /** By the Intercept's uid. */
  #wishes = new Map<string, { ports: readonly number[]; since: number }>()
  /** As it was when whoever asked was told. */
  #known = ''
  #newAt = Number.NEGATIVE_INFINITY
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(options: EarlierOptions) {
    const { clock, logger, reopening, onChange } = options
    this.#options = options
    this.#timer = clock.every(LOOK_MS, () => this.#look())
    if (!('want' in reopening)) return
    reopening.onNews = (ended) => {
      if (ended > 0) logger.info({ ended }, 'connections from before were ended')
      if (reopening.problem !== undefined) logger.warn({ problem: reopening.problem }, 'connections cannot be ended')
      this.#count()
      onChange()
    }
  }

  /**
   * Ports that are taken from now on, and who wants connections to them ended. Whoever calls it sees to it that others know what is so afterwards; it is
   * called again for each change.
   * A wish counts for ten minutes.
   */
  watch(taken: ReadonlySet<number>, wishes: readonly Wish[]): void {
    const { clock } = this.#options
    const isNew = [...taken].some((port) => !this.#taken.has(port))
    this.#taken = new Set(taken)
    for (const port of this.#open.keys()) if (!taken.has(port)) this.#open.delete(port)
    this.#wishes = new Map(
      wishes.map(({ intercept, ports }) => {
        const since = this.#wishes.get(intercept)?.since ?? clock.now()
        return [intercept, { ports, since }]
      }),
    )
    if (isNew) {
      this.#newAt = clock.now()
      this.#count()
    }
    this.#order()
    this.#known = this.#state()
  }

  /** How many go past the agent on these ports. */
  connections(ports: readonly number[]): number {
    return ports.reduce((sum, port) => sum + (this.#open.get(port)?.length ?? 0), 0)
  }

  /** Whose they are, on all taken ports: each address once, as Node writes it. */
  addresses(): Set<string> {
    return new Set([...this.#open.values()].flatMap((some) => some.map(({ remote }) => addressOf(remote))))
  }

  /** Whether an attachment's are being ended. */
  ends(intercept: string): boolean {
    return this.#problem === undefined && this.#isWished(this.#wishes.get(intercept))
  }

  /** Why they are not, though that is wished. */
  problem(intercept: string): string | undefined {
    return this.#wishes.has(intercept) ? this.#problem : undefined
  }

  close(): void {
    const { reopening } = this.#options
    this.#timer.cancel()
    if ('want' in reopening) reopening.close()
  }

  get #problem(): string | undefined {
    return this.#options.reopening.problem
  }

  #look(): void {
    if (this.#taken.size === 0) return
    const now = this.#options.clock.now()
    const isDue = this.#open.size > 0 || now - this.#newAt < NEW_MS || now - this.#lookedAt >= SELDOM_MS
    if (!isDue) return
    this.#count()
    this.#order()
    if (this.#state() !== this.#known) this.#options.onChange()
  }

  #count(): void {
    const { clock, read = foreign } = this.#options
    this.#lookedAt = clock.now()
    this.#open = Map.groupBy(this.#taken.size > 0 ? read(this.#taken) : [], ({ port }) => port)
  }

  /** What others may know of, in one text. */
  #state(): string {
    const ends = [...this.#wishes.keys()].filter((intercept) => this.ends(intercept))
    return [...[...this.#open].map(([port, { length }]) => `${port}:${length}`), ...ends].join()
  }

  /** Tells the helper, whose run is over when nothing is left that somebody wants. */
  #order(): void {
    const { reopening } = this.#options
    if (!('want' in reopening)) return
    const wishes = [...this.#wishes.values()].filter((wish) => this.#isWished(wish))
    const ports = new Set(wishes.flatMap((wish) => wish.ports))
    reopening.want([...ports].flatMap((port) => this.#open.get(port) ?? []))
  }

  #isWished(wish: { since: number } | undefined): boolean {
    return wish !== undefined && this.#options.clock.now() - wish.since < REOPEN_MS
  }
}

/** What the app has not accepted is still nobody's. */
function foreign(ports: ReadonlySet<number>): Connection[] {
  const all = connectionsTo(ports).filter(({ inode }) => inode !== 0)
  if (all.length === 0) return all
  const own = ownSockets()
  return all.filter(({ inode }) => !own.has(inode))
}
