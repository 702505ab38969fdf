/** Sessions of daemons, over circuits that managers switch here. */
import { ChurnMap } from '../lib/churn.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { Waiters } from '../lib/waiters.ts'
import { type ControlChannel, controlChannel } from '../wire/control.ts'
import { Registry } from '../wire/durable/registry.ts'
import type { Link } from '../wire/link/link.ts'
import type { Beside, BridgeCounts, CopyCounts, EarlierCount, FilterCounts, Seen } from '../wire/messages/control.ts'
import type { Hello } from '../wire/messages/hello.ts'
import type { Identity, Opening, Session } from '../wire/session/contract.ts'
import { drained } from '../wire/session/drained.ts'
import { MAX_GRACE_MS } from '../wire/session/grace.ts'
import { acceptSession } from '../wire/session/session.ts'

import type { LaptopWatcher } from './routing.ts'

/** A config that names the daemon may be under way still. */
const KNOWN_LIMIT_MS = 2000
const MAX_PENDING = 64
/** A laptop whose link is gone for longer is away: whoever waits for its answer is told. */
const AWAY_MS = 8000

export interface Laptop {
  /** Name of its Session object. */
  readonly name: string
  readonly session: Session
  /** Intercepts that it answers now. */
  serves: Set<string>
  /** Those that it has said it answers no more: what it had not accepted by then it never will. */
  readonly left: Set<string>
  /** Follows it for one attachment. @returns ends that */
  watch(intercept: string, watcher: LaptopWatcher): () => void
  /** Tells it which of them are routed to it. */
  attached(intercepts: string[]): void
  /** Tells it what became of copies, of connections from before, what filters could not be asked, what was bridged, or what a watch saw. */
  tell(news: BridgeCounts | CopyCounts | EarlierCount | FilterCounts | Seen | Beside): void
}

export interface LaptopsOptions {
  identity: Identity
  hello: Hello
  clock: Clock
  logger: Logger
  /** The public key that belongs to a Session object's name, if it is known. */
  keyOf(session: string): string | undefined
  /** Streams other than `control`. */
  onStream(opening: Opening, laptop: Laptop): void
  /** A laptop came, went, or serves something else. */
  onChange(): void
}

export class Laptops {
  readonly #options: LaptopsOptions
  readonly #laptops = new Map<Session, Laptop>()
  readonly #waiters: Waiters
  readonly #registry = new Registry()
  readonly #watchers = new WeakMap<Laptop, ChurnMap<LaptopWatcher, string>>()
  #pending = 0

  constructor(options: LaptopsOptions) {
    this.#options = options
    this.#waiters = new Waiters(options.clock)
  }

  /** All that have a session, connected now or not. */
  [Symbol.iterator](): Iterator<Laptop> {
    return this.#laptops.values()
  }

  /** The laptop of a Session object, if it is connected now. */
  find(name: string): Laptop | undefined {
    for (const laptop of this.#laptops.values()) if (laptop.name === name && laptop.session.isLinked) return laptop
    return undefined
  }

  /**
   * The laptop that answers an attachment, if it is connected now: what is new must not wait for one that may never come
   * back. The last one, for a daemon that was started anew may have two for a moment.
   */
  serving(name: string, intercept: string): Laptop | undefined {
    let last: Laptop | undefined
    for (const laptop of this.#laptops.values()) {
      if (laptop.name === name && laptop.session.isLinked && laptop.serves.has(intercept)) last = laptop
    }
    return last
  }

  /** The known keys have changed: ends who is not known any more, lets in who waited. */
  keysChanged(): void {
    for (const { name, session } of [...this.#laptops.values()]) {
      if (this.#options.keyOf(name) !== session.peer.publicKey) void this.#retire(session)
    }
    this.#waiters.changed()
  }

  /** Nothing new goes to it; what is under way is finished, within a bound. */
  async #retire(session: Session): Promise<void> {
    const laptop = this.#laptops.get(session)
    if (laptop === undefined) return
    this.#laptops.delete(session)
    this.#served(laptop, new Set())
    this.#options.onChange()
    await drained(session, this.#options.clock)
    session.close(new Error('the session was ended'))
  }

  /** It answers these attachments from now on, and others no more. */
  #served(laptop: Laptop, now: Set<string>): void {
    laptop.serves = now
    for (const [watcher, intercept] of [...(this.#watchers.get(laptop) ?? [])]) {
      if (!now.has(intercept)) watcher.onLeave()
    }
  }

  /** A circuit; errors end it and are only logged. */
  async take(link: Link): Promise<void> {
    const { identity, hello, clock, logger } = this.#options
    if (this.#pending >= MAX_PENDING) {
      link.bind({ onData() {}, onDrain() {}, onClose() {} })
      link.reset(new Error('too many sessions are starting'))
      return
    }
    this.#pending++
    try {
      const session = await acceptSession(link, this.#registry, {
        identity,
        hello,
        clock,
        logger,
        graceMs: MAX_GRACE_MS,
        verify: () => undefined,
      })
      if (session !== undefined) await this.#admit(session)
    } catch (error) {
      logger.info({ circuit: link.name, error: (error as Error).message }, 'session with a laptop not started')
    } finally {
      this.#pending--
    }
  }

  close(): void {
    for (const session of [...this.#laptops.keys()]) session.close()
  }

  /** The key must be the one of the Session object that the daemon names. */
  async #admit(session: Session): Promise<void> {
    const { keyOf, logger, clock } = this.#options
    const { end } = session.hello
    const name = end.role === 'daemon' ? end.session : undefined
    const matches = (): true | undefined =>
      name !== undefined && keyOf(name) === session.peer.publicKey ? true : undefined
    const known = await this.#waiters.until(matches, KNOWN_LIMIT_MS)
    if (name === undefined || known === undefined) {
      session.close(new Error('this session is not known here'))
      return
    }
    const watchers = new ChurnMap<LaptopWatcher, string>()
    const watch: Laptop['watch'] = (intercept, watcher) => {
      watchers.set(watcher, intercept)
      return () => void watchers.delete(watcher)
    }
    const laptop: Laptop = {
      name,
      session,
      serves: new Set(),
      left: new Set(),
      attached: () => {},
      tell: () => {},
      watch,
    }
    this.#laptops.set(session, laptop)
    this.#watchers.set(laptop, watchers)
    let away: Timer | undefined
    logger.info({ session: name }, 'laptop joined')
    session.bind({
      onStream: (opening) => this.#onStream(opening, laptop),
      onLost: () => {
        away = clock.after(AWAY_MS, () => {
          for (const watcher of [...watchers.keys()]) watcher.onAway()
        })
        this.#options.onChange()
      },
      onBack: () => {
        away?.cancel()
        this.#options.onChange()
      },
      onClose: (reason) => {
        away?.cancel()
        this.#laptops.delete(session)
        this.#served(laptop, new Set())
        logger.info({ session: name, reason: reason?.message }, 'laptop left')
        this.#options.onChange()
      },
    })
    this.#options.onChange()
  }

  #onStream(opening: Opening, laptop: Laptop): void {
    if (opening.header.service !== 'control') {
      this.#options.onStream(opening, laptop)
      return
    }
    const channel: ControlChannel = controlChannel(opening.accept(), {
      onMessage: (message) => {
        if (message.kind !== 'serves') return
        const now = new Set(message.intercepts)
        for (const intercept of laptop.serves) if (!now.has(intercept)) laptop.left.add(intercept)
        this.#served(laptop, now)
        this.#options.onChange()
      },
    })
    laptop.attached = (intercepts) => channel.send({ kind: 'attached', intercepts })
    laptop.tell = (news) => channel.send(news)
  }
}
