/** All wiretaps of this pod: each keeps one stream to the laptop that holds it. */

import { Budget } from '../../lib/budget.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Route } from '../../wire/messages/control.ts'
import type { Session } from '../../wire/session/contract.ts'
import type { Laptop } from '../laptops.ts'
import type { Copier } from '../routing.ts'
import { Line } from './line.ts'
import { Wiretap } from './wiretap.ts'

/** All copies of one agent that have not left. */
export const AGENT_BYTES: number = 32 * 1024 * 1024
/** How often laptops are told, streams that failed are tried again, and what never ends is given up. */
const LOOK_MS = 1000
/** A laptop that refuses copies, since it is of an earlier version, is asked ever less often. */
const MOST_RETRY_MS = 60_000

export interface CopiesOptions {
  clock: Clock
  logger: Logger
  /** The laptop that holds an attachment, if it is connected now. */
  serving(session: string, intercept: string): Laptop | undefined
  /** A stream has opened or ended. */
  onChange(): void
}

interface Asked {
  session: Session
  /** In the clock's milliseconds. */
  at: number
  /** Until it may be asked again; grows with each refusal. */
  waitMs: number
}

export class Copies {
  readonly #options: CopiesOptions
  readonly #budget = new Budget(AGENT_BYTES)
  /** By the Intercept's uid. */
  readonly #wiretaps = new Map<string, Wiretap>()
  readonly #opening = new Set<string>()
  /** Where a stream was asked for last: one that was refused, or ended, is asked for again only after a while. */
  readonly #asked = new Map<string, Asked>()
  readonly #timer: { cancel(): void }
  #routes: Route[] = []

  constructor(options: CopiesOptions) {
    this.#options = options
    this.#timer = options.clock.every(LOOK_MS, () => this.#look())
  }

  /** For one port of a wiretap. */
  copier(route: Route, port: number): Copier {
    const wiretap = this.#wiretapOf(route)
    wiretap.set(route.copies ?? { percent: 100, diff: false })
    return { begin: (_from, isSecure) => wiretap.begin(port, isSecure) }
  }

  /** Whether copies go to the laptop now. */
  isOpen({ intercept }: Route): boolean {
    return this.#wiretaps.get(intercept)?.line !== undefined
  }

  /** Opens and closes what the routes and laptops of now want. */
  refresh(routes: Route[]): void {
    this.#routes = routes.filter(({ mode }) => mode === 'wiretap')
    for (const [intercept, wiretap] of this.#wiretaps) {
      if (this.#routes.some((route) => route.intercept === intercept)) continue
      wiretap.use(undefined)
      this.#wiretaps.delete(intercept)
      this.#asked.delete(intercept)
    }
    for (const route of this.#routes) {
      const { intercept } = route
      const wiretap = this.#wiretapOf(route)
      const session = this.#laptopOf(route)?.session
      if (wiretap.line !== undefined && wiretap.line.session !== session) wiretap.use(undefined)
      if (wiretap.line === undefined && session !== this.#asked.get(intercept)?.session) void this.#open(route, wiretap)
    }
  }

  close(): void {
    this.#timer.cancel()
    for (const wiretap of this.#wiretaps.values()) wiretap.use(undefined)
    this.#wiretaps.clear()
  }

  async #open(route: Route, wiretap: Wiretap): Promise<void> {
    const { intercept } = route
    const { clock, logger, onChange } = this.#options
    const session = this.#laptopOf(route)?.session
    if (session === undefined || this.#opening.has(intercept)) return
    this.#opening.add(intercept)
    const earlier = this.#asked.get(intercept)
    const isNew = earlier?.session !== session
    const asked: Asked = { session, at: clock.now(), waitMs: isNew ? LOOK_MS : earlier.waitMs }
    this.#asked.set(intercept, asked)
    try {
      const { stream } = await session.open({ service: 'copies', intercept })
      const line = new Line(stream, session, wiretap.budget, onChange)
      // The wiretap, or the laptop that holds it, may be another one by now.
      const isWanted = this.#wiretaps.get(intercept) === wiretap && this.#laptopOf(route)?.session === session
      if (!isWanted) line.close()
      else {
        asked.waitMs = LOOK_MS
        wiretap.use(line)
        wiretap.forgetTold()
      }
    } catch (error) {
      if (isNew) logger.info({ intercept: route.name, error: (error as Error).message }, 'no stream for copies')
      else asked.waitMs = Math.min(2 * asked.waitMs, MOST_RETRY_MS)
      return
    } finally {
      this.#opening.delete(intercept)
    }
    onChange()
  }

  #look(): void {
    for (const route of this.#routes) {
      const wiretap = this.#wiretapOf(route)
      wiretap.sweep()
      const laptop = this.#laptopOf(route)
      if (wiretap.line === undefined && this.#isDue(route.intercept, laptop)) void this.#open(route, wiretap)
      const news = laptop === undefined ? undefined : wiretap.news()
      if (news !== undefined) laptop?.tell(news)
    }
  }

  #isDue(intercept: string, laptop: Laptop | undefined): boolean {
    const asked = this.#asked.get(intercept)
    return (
      asked?.session !== laptop?.session || asked === undefined || this.#options.clock.now() - asked.at >= asked.waitMs
    )
  }

  #wiretapOf({ intercept }: Route): Wiretap {
    let wiretap = this.#wiretaps.get(intercept)
    if (wiretap === undefined) {
      wiretap = new Wiretap({ intercept, budget: this.#budget, clock: this.#options.clock })
      this.#wiretaps.set(intercept, wiretap)
    }
    return wiretap
  }

  #laptopOf({ session, intercept }: Route): Laptop | undefined {
    return this.#options.serving(session, intercept)
  }
}
