/** Connections and names in the cluster, by a session with a dialer that is made when it is needed. */
import type { Timer } from '../lib/clock.ts'
import { Waiters } from '../lib/waiters.ts'
import { openCircuit } from '../wire/carrier/open-circuit.ts'
import type { Dialers } from '../wire/messages/control.ts'
import type { LinkMux } from '../wire/mux/mux.ts'
import type { Session, Stream } from '../wire/session/contract.ts'
import { StreamRefused } from '../wire/session/refused.ts'
import { startSession } from '../wire/session/session.ts'
import { helloOf, nextCarrier, type OverCarrierOptions } from './carrier.ts'
import { DnsStream } from './dns-stream.ts'
import type { FirstBytes } from './first-bytes.ts'

/** A carrier or a dialer may just be coming back. */
const WAIT_MS = 8000
/** A dialer that no manager names for so long is gone for good, and with it the connections that it had dialled. */
const GONE_MS = 3000
/** Resolvers ask again after it: no answer is worth more. */
const ANSWER_MS = 5000
const ATTEMPTS = 4
const PAUSE_MS = 150

export class DialerLink {
  readonly #options: OverCarrierOptions
  readonly #waiters: Waiters
  #dialers: Dialers['dialers'] = []
  #session: Promise<Session> | undefined
  #dns: Promise<DnsStream> | undefined
  #started: Session | undefined
  #doubt: Timer | undefined

  constructor(options: OverCarrierOptions) {
    this.#options = options
    this.#waiters = new Waiters(options.clock)
  }

  /** The dialers that a manager names. */
  know(dialers: Dialers['dialers']): void {
    this.#dialers = dialers
    this.#waiters.changed()
    this.#doubt?.cancel()
    this.#doubt = this.#isNamed() ? undefined : this.#options.clock.after(GONE_MS, () => this.#giveUp())
  }

  #isNamed(): boolean {
    const key = this.#started?.peer.publicKey
    return key === undefined || this.#dialers.some(({ publicKey }) => publicKey === key)
  }

  #giveUp(): void {
    if (!this.#isNamed()) this.#started?.close(new Error('the dialer is gone'))
  }

  /** There is another carrier: the session goes over to it, if it has a link on the one before too. */
  carrierChanged(): void {
    this.#waiters.changed()
    void this.#started?.renew()
  }

  /**
   * Connects in the cluster. Rejects with a `StreamRefused` as the far kernel or the dialer says.
   * @param first what the program says before the answer is there: it goes along
   */
  dial(host: string, port: number, first?: FirstBytes): Promise<Stream> {
    const options = { onOpened: (send: (bytes: Uint8Array) => void) => first?.sendBy(send) }
    const ask = async (session: Session): Promise<Stream> => {
      try {
        return (await session.open({ service: 'dial', host, port }, options)).stream
      } catch (error) {
        first?.hold()
        throw error
      }
    }
    // What was sent may have arrived: said again, the program would have said it twice.
    return this.#try(ask, () => first?.sent !== true)
  }

  /** Asks the cluster's resolver; rejects after 5 s. @param query a DNS message @returns its answer, with the same id */
  async resolve(query: Buffer): Promise<Buffer> {
    const late = Promise.withResolvers<never>()
    const timer = this.#options.clock.after(ANSWER_MS, () => late.reject(new Error('no answer within 5 s')))
    try {
      return await Promise.race([this.#try(async (session) => (await this.#dnsOf(session)).ask(query)), late.promise])
    } finally {
      timer.cancel()
    }
  }

  #dnsOf(session: Session): Promise<DnsStream> {
    if (this.#dns !== undefined) return this.#dns
    const forget = (): void => {
      if (this.#dns === opening) this.#dns = undefined
    }
    const opening = DnsStream.open(session, this.#options.clock, forget)
    this.#dns = opening
    opening.catch(forget)
    return opening
  }

  close(): void {
    this.#doubt?.cancel()
    void this.#session?.then((session) => session.close()).catch(() => {})
  }

  /** Once more with a new session when the old one turns out to be gone before it answered. */
  async #try<T>(ask: (session: Session) => Promise<T>, mayAgain = (): boolean => true): Promise<T> {
    const { clock, logger } = this.#options
    const startedAt = clock.now()
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(await this.#ready())
      } catch (error) {
        const isLast = attempt === ATTEMPTS || clock.now() - startedAt >= WAIT_MS
        if (error instanceof StreamRefused || isLast || !mayAgain()) throw error
        logger.debug({ error: (error as Error).message, attempt }, 'dialer asked again')
        await new Promise<void>((resolve) => clock.after(PAUSE_MS * attempt, resolve))
      }
    }
  }

  #ready(): Promise<Session> {
    if (this.#session === undefined) {
      const starting = this.#start()
      this.#session = starting
      const forget = (): void => {
        if (this.#session !== starting) return
        this.#session = undefined
        this.#started = undefined
        this.#dns = undefined
      }
      starting.then((session) => {
        this.#started = session
        session.bind({ onStream: (opening) => opening.refuse('unknown', 'not here'), onClose: forget })
      }, forget)
    }
    return this.#session
  }

  async #start(): Promise<Session> {
    const { identity, session, clock, logger, mux, graceMs } = this.#options
    const ready = (): LinkMux | undefined => (this.#dialers.length > 0 ? mux() : undefined)
    const carrier = await this.#waiters.until(ready, WAIT_MS)
    if (carrier === undefined) throw new StreamRefused('ETIMEDOUT', 'no dialer is connected')
    let podUid: string | undefined
    const started = await startSession(openCircuit(carrier, { to: 'dialer' }), {
      side: 'client',
      identity,
      hello: helloOf(session),
      clock,
      logger,
      verify: ({ publicKey }) => {
        podUid = this.#dialers.find((dialer) => dialer.publicKey === publicKey)?.podUid
        return podUid === undefined ? 'not a dialer of this installation' : undefined
      },
      graceMs,
      nextLink: async () => openCircuit(await nextCarrier(this.#waiters, mux, graceMs), { to: `dialer/${podUid}` }),
    })
    // The carrier was replaced meanwhile.
    if (mux() !== carrier) void started.renew()
    return started
  }
}
