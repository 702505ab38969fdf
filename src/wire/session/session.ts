/** Starts a session on a link: TLS, hello, then streams; where that was agreed, it outlives its link. */
import { type Clock, systemClock } from '../../lib/clock.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import type { DurableLink, DurableOptions } from '../durable/durable-link.ts'
import { FarEndGone, Redial } from '../durable/redial.ts'
import { Registry } from '../durable/registry.ts'
import type { Link } from '../link/link.ts'
import type { Hello } from '../messages/hello.ts'
import type { MuxHandlers } from '../mux/contract.ts'
import type { MuxFlow } from '../mux/flow.ts'
import { createMux, type LinkMux } from '../mux/mux.ts'
import type { Identity, PeerKey, Session, SessionHandlers, VerifyPeer } from './contract.ts'
import { answerHello, greet } from './greet.ts'
import { openingOf, openStream } from './streams.ts'
import { secure } from './tls.ts'

const START_LIMIT_MS = 10_000
/** Streams that may come before somebody takes them. */
const MAX_EARLY = 1024

export interface SessionOptions {
  side: 'client' | 'server'
  identity: Identity
  verify: VerifyPeer
  hello: Hello
  clock?: Clock
  logger?: Logger
  signal?: AbortSignal
  /** How long the session waits for its next link; default 0: it ends with its link. The client says it, a server's is the most it grants. */
  graceMs?: number
  /** Client: another link to the same far end. Without it the session ends with its link. */
  nextLink?(signal: AbortSignal): Promise<Link>
}

/**
 * Starts a session on `link`, which it owns from here on.
 * Rejects with why the far end was not believed, why the link ended, after 10 s, or with the signal's reason.
 */
export async function startSession(link: Link, options: SessionOptions): Promise<Session> {
  const session = await within(link, options, (signal) =>
    options.side === 'client' ? begin(link, options, signal) : take(link, options, signal, new Registry()),
  )
  if (session === undefined) throw new Error(`${link.name}: a session that nobody began`)
  return session
}

/**
 * Takes a link on a server whose sessions outlive their links.
 * @returns undefined when the link went to a session that was there
 */
export function acceptSession(
  link: Link,
  registry: Registry,
  options: Omit<SessionOptions, 'side' | 'nextLink'>,
): Promise<Session | undefined> {
  const whole = { ...options, side: 'server' as const }
  return within(link, whole, (signal) => take(link, whole, signal, registry))
}

/** Makes a session and exchanges hellos, all within the limit. */
async function within(
  link: Link,
  { clock = systemClock, signal, hello }: SessionOptions,
  make: (signal: AbortSignal) => Promise<LinkSession | undefined>,
): Promise<Session | undefined> {
  const limit = new AbortController()
  const late = clock.after(START_LIMIT_MS, () => limit.abort(new Error(`${link.name}: no session within 10 s`)))
  const give = (): void => limit.abort(signal?.reason)
  if (signal?.aborted) give()
  signal?.addEventListener('abort', give, { once: true })
  try {
    const session = await make(limit.signal)
    await session?.start(hello, limit.signal)
    return session
  } finally {
    late.cancel()
    signal?.removeEventListener('abort', give)
  }
}

async function begin(first: Link, options: SessionOptions, signal: AbortSignal): Promise<LinkSession> {
  const { side, identity, verify, clock = systemClock, logger = silentLogger, graceMs = 0, nextLink } = options
  const { link, peer } = await secure(first, { side, identity, verify, signal })
  const events = new LinkEvents()
  const redial = new Redial(link, {
    clock,
    logger,
    durable: { ...events.durable, graceMs: nextLink === undefined ? 0 : graceMs },
    async connect(ended) {
      if (nextLink === undefined) throw new Error('there is no next link')
      const next = await secure(await nextLink(ended), { side, identity, verify: () => undefined, signal: ended })
      if (next.peer.publicKey === peer.publicKey) return next.link
      const gone = new FarEndGone('the far end has been replaced')
      next.link.reset(gone)
      throw gone
    },
  })
  return new LinkSession(redial.link, peer, { side, clock, logger, events, renew: () => redial.renew() })
}

async function take(
  first: Link,
  options: SessionOptions,
  signal: AbortSignal,
  registry: Registry,
): Promise<LinkSession | undefined> {
  const { side, identity, verify, clock = systemClock, logger = silentLogger, graceMs = 0 } = options
  const { link, peer } = await secure(first, { side, identity, verify, signal })
  const events = new LinkEvents()
  const durable = await registry.accept(link, {
    owner: peer.publicKey,
    clock,
    signal,
    durable: events.durable,
    maxGraceMs: graceMs,
  })
  return durable && new LinkSession(durable, peer, { side, clock, logger, events, renew: async () => {} })
}

/** What the link below a session says of itself, for whom it becomes known later. */
class LinkEvents {
  onLost: (reason: Error) => void = () => {}
  onBack: () => void = () => {}
  onRoundTrip: (ms: number) => void = () => {}
  readonly durable: Pick<DurableOptions, 'onLost' | 'onBack' | 'onRoundTrip'> = {
    onLost: (reason) => this.onLost(reason),
    onBack: () => this.onBack(),
    onRoundTrip: (ms) => this.onRoundTrip(ms),
  }
}

interface Below {
  side: 'client' | 'server'
  clock: Clock
  logger: Logger
  events: LinkEvents
  renew(): Promise<void>
}

class LinkSession implements Session, MuxHandlers {
  readonly peer: PeerKey
  readonly #mux: LinkMux
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #server: boolean
  #theirs: Hello | undefined
  #greeted = Promise.withResolvers<Hello>()
  #greeting: { hello: Hello } | undefined
  #handlers: SessionHandlers | undefined
  /** Flows that came before `bind`. */
  #early: { flow: MuxFlow; header: Buffer }[] = []
  readonly #link: DurableLink
  readonly #renew: () => Promise<void>
  #ended: { reason?: Error } | undefined

  constructor(link: DurableLink, peer: PeerKey, { side, clock, logger, events, renew }: Below) {
    this.peer = peer
    this.#link = link
    this.#clock = clock
    this.#logger = logger
    this.#renew = renew
    this.#server = side === 'server'
    this.#greeted.promise.catch(() => {})
    this.#mux = createMux(link, { side, handlers: this, clock })
    events.onRoundTrip = (ms) => this.#mux.measured(ms)
    events.onLost = (reason) => {
      this.#logger.info({ peer: this.#theirs?.end, reason: reason.message }, 'session lost its link')
      this.#handlers?.onLost?.(reason)
    }
    events.onBack = () => {
      this.#logger.info({ peer: this.#theirs?.end }, 'session goes on')
      this.#handlers?.onBack?.()
    }
  }

  /** Exchanges hellos. */
  async start(mine: Hello, signal: AbortSignal): Promise<void> {
    const give = (): void => this.#greeted.reject(signal.reason as Error)
    signal.addEventListener('abort', give, { once: true })
    this.#greeting = { hello: mine }
    if (!this.#server) greet(this.#mux, mine).then(this.#greeted.resolve, this.#greeted.reject)
    else this.#answerEarly()
    try {
      signal.throwIfAborted()
      this.#theirs = await this.#greeted.promise
    } catch (error) {
      this.#mux.close(error as Error)
      throw error
    } finally {
      signal.removeEventListener('abort', give)
    }
  }

  get hello(): Hello {
    if (this.#theirs === undefined) throw new Error('the session has not started')
    return this.#theirs
  }

  get rttMs(): number {
    return this.#mux.rttMs
  }

  get silentMs(): number {
    return this.#clock.now() - this.#link.heardAt
  }

  get size(): number {
    return this.#mux.size
  }

  get isLinked(): boolean {
    return this.#link.isLinked
  }

  renew(): Promise<void> {
    return this.#renew()
  }

  probe(limitMs: number): void {
    this.#link.probe(limitMs)
  }

  bind(handlers: SessionHandlers): void {
    this.#handlers = handlers
    const early = this.#early
    this.#early = []
    for (const { flow, header } of early) this.#offer(flow, header)
    const ended = this.#ended
    if (ended !== undefined) process.nextTick(() => handlers.onClose(ended.reason))
  }

  open: Session['open'] = (header, options) => openStream(this.#mux, header, options)

  close(reason?: Error): void {
    this.#mux.close(reason)
  }

  onFlow(flow: MuxFlow, header: Buffer): void {
    if (this.#handlers === undefined || this.#theirs === undefined) {
      if (this.#early.length >= MAX_EARLY) flow.reset('limit', 'too much before the session has begun')
      else this.#early.push({ flow, header })
      this.#answerEarly()
    } else this.#offer(flow, header)
  }

  onClose(reason?: Error): void {
    this.#greeted.reject(reason ?? new Error('the far end hung up'))
    this.#logger.debug({ peer: this.#theirs?.end, reason: reason?.message }, 'session ended')
    this.#ended = reason === undefined ? {} : { reason }
    this.#handlers?.onClose(reason)
  }

  /** Server: the first flow is the client's hello. */
  #answerEarly(): void {
    const greeting = this.#greeting
    if (!this.#server || greeting === undefined || this.#theirs !== undefined) return
    const first = this.#early.shift()
    if (first === undefined) return
    try {
      this.#theirs = answerHello(first.flow, first.header, greeting.hello)
      this.#greeted.resolve(this.#theirs)
    } catch (error) {
      this.#greeted.reject(error)
    }
  }

  #offer(flow: MuxFlow, header: Buffer): void {
    const opening = openingOf(flow, header)
    if (opening !== undefined) this.#handlers?.onStream(opening)
  }
}
