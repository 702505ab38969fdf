/** Starts a session on a link: TLS, hello, then streams; ends it when the far end falls silent. */
import { type Clock, systemClock } from '../../lib/clock.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import type { Link } from '../link/link.ts'
import type { Hello } from '../messages/hello.ts'
import type { MuxHandlers } from '../mux/contract.ts'
import type { MuxFlow } from '../mux/flow.ts'
import { createMux, type LinkMux } from '../mux/mux.ts'
import type { Identity, PeerKey, Session, SessionHandlers, VerifyPeer } from './contract.ts'
import { answerHello, greet } from './greet.ts'
import { watchSilence } from './silence.ts'
import { openingOf, openStream } from './streams.ts'
import { secure } from './tls.ts'

const START_LIMIT_MS = 10_000

export interface SessionOptions {
  side: 'client' | 'server'
  identity: Identity
  verify: VerifyPeer
  hello: Hello
  clock?: Clock
  logger?: Logger
  signal?: AbortSignal
}

/**
 * Starts a session on `link`, which it owns from here on.
 * Rejects with why the far end was not believed, why the link ended, after 10 s, or with the signal's reason.
 */
export async function startSession(link: Link, options: SessionOptions): Promise<Session> {
  const { side, identity, verify, hello, clock = systemClock, logger = silentLogger, signal } = options
  const limit = new AbortController()
  const late = clock.after(START_LIMIT_MS, () => limit.abort(new Error(`${link.name}: no session within 10 s`)))
  const give = (): void => limit.abort(signal?.reason)
  if (signal?.aborted) give()
  signal?.addEventListener('abort', give, { once: true })
  try {
    const secured = await secure(link, { side, identity, verify, signal: limit.signal })
    const session = new LinkSession(secured.link, secured.peer, { side, clock, logger })
    await session.start(hello, limit.signal)
    return session
  } finally {
    late.cancel()
    signal?.removeEventListener('abort', give)
  }
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
  #stopWatching: () => void = () => {}
  #ended: { reason?: Error } | undefined

  constructor(
    link: Link,
    peer: PeerKey,
    { side, clock, logger }: { side: 'client' | 'server'; clock: Clock; logger: Logger },
  ) {
    this.peer = peer
    this.#clock = clock
    this.#logger = logger
    this.#server = side === 'server'
    this.#greeted.promise.catch(() => {})
    this.#mux = createMux(link, { side, handlers: this, clock })
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
    this.#stopWatching = watchSilence(this.#mux, this.#clock, (error) => this.#mux.close(error))
  }

  get hello(): Hello {
    if (this.#theirs === undefined) throw new Error('the session has not started')
    return this.#theirs
  }

  get rttMs(): number {
    return this.#mux.rttMs
  }

  get silentMs(): number {
    return this.#clock.now() - this.#mux.heardAt
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
      this.#early.push({ flow, header })
      this.#answerEarly()
    } else this.#offer(flow, header)
  }

  onClose(reason?: Error): void {
    this.#stopWatching()
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
