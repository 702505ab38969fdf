/**
 * Keeps one carrier to any manager for as long as it is wanted. Port-forward and TCP are looked for at the same time, each by itself, so
 * that neither waits for the other; the first manager that proves itself is taken. TCP is the better way: it is looked for on and on, and
 * taken in the place of a port-forward, which stays until what runs over it has moved. A carrier that is silent is no better than none.
 */
import { Waiters } from '../lib/waiters.ts'
import type { Dialers } from '../wire/messages/control.ts'
import { drained } from '../wire/session/drained.ts'
import { Attempts, type AttemptsOptions } from './attempts.ts'
import type { Carrier } from './carrier.ts'
import { Search } from './search.ts'
import { watchSilence } from './silence.ts'

/** So many failures in a row mean that it lasts: then it is tried more rarely, and at once when somebody asks. */
const LASTING = 30
const FORWARD_MS = { first: 100, longest: 2000, lasting: 30_000 }
const DIRECT_MS = { first: 500, longest: 30_000 }
/** A path that breaks sooner each time is tried more and more rarely. */
const STEADY_MS = 30_000
/** A port-forward that breaks sooner is tried again after a pause, which grows when that goes on. */
const SHORT_MS = 2000
/** So long a manager may take to answer after the network has changed. */
const PROBE_MS = 1000

export interface KeeperOptions extends AttemptsOptions {
  /** There is another carrier: what runs over the one before goes over to it now. */
  onCarrier(carrier: Carrier): void
  onDialers(dialers: Dialers['dialers']): void
}

export class CarrierKeeper {
  readonly #options: KeeperOptions
  readonly #waiters: Waiters
  readonly #attempts: Attempts
  readonly #forward: Search
  readonly #direct: Search
  /** Those that are not over, the ones that are drained too. */
  readonly #open = new Set<Carrier>()
  #carrier: Carrier | undefined
  #since = 0
  /** The carrier of now is silent: the next one is looked for before it is dead. */
  #isSilent = false
  /** Port-forwards in a row that broke at once. */
  #brief = 0
  /** Carriers over TCP in a row that did not last. */
  #unsteady = 0
  #addresses: string[] = []
  #error: Error | undefined
  #closed = false

  constructor(options: KeeperOptions) {
    const { clock } = options
    this.#options = options
    this.#waiters = new Waiters(clock)
    this.#attempts = new Attempts({
      ...options,
      onFailed: async (error) => {
        this.#error = error
        this.#waiters.changed()
        await options.onFailed(error)
      },
    })
    this.#forward = new Search({
      clock,
      firstMs: FORWARD_MS.first,
      longestMs: (failures) => (failures > LASTING ? FORWARD_MS.lasting : FORWARD_MS.longest),
      attempt: async (signal) => this.#take(await this.#attempts.forward(signal)),
    })
    this.#direct = new Search({
      clock,
      firstMs: DIRECT_MS.first,
      longestMs: () => DIRECT_MS.longest,
      attempt: (signal) => this.#tryDirect(signal),
    })
  }

  /** Begins. @param addresses `host:port` where managers are reached from outside, as far as is known */
  start(addresses: string[]): void {
    this.#addresses = addresses
    this.#look()
  }

  /** The carrier of now. */
  get carrier(): Carrier | undefined {
    return this.#carrier
  }

  /** Why there is none. */
  get error(): Error | undefined {
    return this.#error
  }

  /** False while a first attempt may still succeed, whatever the other way has met. */
  get hasTriedAll(): boolean {
    return this.#addresses.length === 0 || this.#direct.failures > 0
  }

  /** The carrier of now or the next one; else what `given` says, asked after each failure; undefined after `limitMs`. */
  until<T>(given: () => T | undefined, limitMs: number): Promise<Carrier | T | undefined> {
    return this.#waiters.until(() => this.#carrier ?? given(), limitMs)
  }

  /** Whoever waits by `until` may want something else now. */
  changed(): void {
    this.#waiters.changed()
  }

  /** Somebody waits for a carrier. */
  hurry(): void {
    if (this.#carrier !== undefined) return
    this.#forward.hurry()
    this.#direct.hurry()
  }

  /** A carrier over a network that is gone is found at once, not after three silent seconds; what was out of reach may not be any more. */
  networkChanged(): void {
    this.#carrier?.session.probe(PROBE_MS)
    this.#forward.hurry({ anew: true })
    this.#direct.hurry({ anew: true })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#forward.stop()
    this.#direct.stop()
    const open = [...this.#open]
    for (const carrier of open) carrier.close()
    await Promise.all(open.map(({ closed }) => closed))
  }

  /** Looks for what is wanted, and for nothing else. */
  #look(): void {
    const has = this.#isPoor ? undefined : this.#carrier?.kind
    if (this.#closed || has !== undefined) this.#forward.stop()
    else this.#forward.start()
    if (this.#closed || has === 'tcp') this.#direct.stop()
    else if (this.#addresses.length > 0) this.#direct.start()
  }

  /** It is silent, or goes a way that managers are not reached by any more. */
  get #isPoor(): boolean {
    return this.#isSilent || (this.#carrier?.kind === 'tcp' && this.#addresses.length === 0)
  }

  #isBetter(carrier: Carrier): boolean {
    if (this.#carrier === undefined || this.#isPoor) return true
    return this.#carrier.kind !== 'tcp' && carrier.kind === 'tcp'
  }

  async #tryDirect(signal: AbortSignal): Promise<void> {
    try {
      this.#take(await this.#attempts.direct(this.#addresses, signal))
    } catch (error) {
      // The failure is counted before those who wait are asked again.
      setImmediate(() => this.#waiters.changed())
      if (this.#carrier === undefined && !signal.aborted) await this.#options.onFailed(error as Error)
      throw error
    }
  }

  #take(carrier: Carrier): void {
    const before = this.#carrier
    if (this.#closed || !this.#isBetter(carrier)) {
      carrier.close()
      return
    }
    const { clock, logger, onCarrier } = this.#options
    this.#carrier = carrier
    this.#isSilent = false
    this.#since = clock.now()
    this.#error = undefined
    this.#open.add(carrier)
    void carrier.closed.then((reason) => this.#over(carrier, reason))
    watchSilence(carrier, clock, (isSilent) => {
      if (this.#carrier !== carrier) return
      this.#isSilent = isSilent
      this.#look()
    })
    this.#look()
    this.#forward.reset()
    // The network works again, so TCP may too; but not for a path that breaks again and again.
    if (carrier.kind !== 'tcp' && this.#unsteady === 0) this.#direct.hurry()
    logger.info({ pod: carrier.pod, link: carrier.kind }, 'carrier stands')
    this.#listen(carrier)
    onCarrier(carrier)
    this.#waiters.changed()
    if (before !== undefined) void drained(sizeOf(before), clock).then(() => before.close())
  }

  #listen(carrier: Carrier): void {
    const isCurrent = (): boolean => this.#carrier === carrier
    carrier.listen({
      onDialers: (dialers) => {
        if (isCurrent()) this.#options.onDialers(dialers)
      },
      onReach: (addresses) => {
        if (!isCurrent() || String(addresses) === String(this.#addresses)) return
        this.#addresses = addresses
        this.#direct.stop()
        this.#direct.reset()
        this.#look()
      },
    })
  }

  #over(carrier: Carrier, reason: Error | undefined): void {
    this.#open.delete(carrier)
    if (this.#carrier !== carrier) return
    this.#carrier = undefined
    this.#isSilent = false
    this.#error = reason ?? new Error('the manager ended the connection')
    const { clock, logger } = this.#options
    logger.info({ pod: carrier.pod, link: carrier.kind, reason: reason?.message }, 'carrier lost')
    this.#judge(carrier, clock.now() - this.#since)
    this.#look()
  }

  #judge({ kind }: Carrier, livedMs: number): void {
    if (kind !== 'tcp') {
      this.#brief = livedMs < SHORT_MS ? this.#brief + 1 : 0
      this.#forward.failed(this.#brief)
      return
    }
    if (livedMs < STEADY_MS) {
      this.#unsteady++
      this.#direct.failed()
      return
    }
    this.#unsteady = 0
    this.#direct.reset()
  }
}

function sizeOf({ mux }: Carrier): { size: number; isLinked: boolean } {
  return {
    isLinked: true,
    get size() {
      return mux.size
    },
  }
}
