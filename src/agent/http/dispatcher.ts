/** Who answers a request: asks the routing, and leads the request there; elsewhere when nobody answers it there. */
import type { Cancellation } from '../../lib/cancellation.ts'
import type { FilterRequest } from '../../lib/filter/request.ts'
import { filterRequest } from '../../lib/http1/filter-request.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import type { Choice, Laptop, Routing, Secure } from '../routing.ts'
import type { ClientSource } from './client-source.ts'
import type { PassingRequest } from './passing-request.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'

/** Whose requests these are. */
export interface DispatcherUser {
  /** The upstream is not there yet: nothing is read of the client until it is. */
  waits(): void
  /** @param pieces of the request that are still to be sent */
  leads(request: PassingRequest, upstream: Upstream, pieces: readonly Buffer[]): void
  /**
   * The laptop's program refuses what the client's TLS agreed on (ALPN).
   * @returns whether it can be asked in another HTTP
   */
  refusedProtocol(laptop: Laptop): boolean
  /** The app does not take the connection. */
  cut(): void
  /** Nobody answers but the agent. */
  answer(status: number, code: string, text: string): void
}

export interface DispatcherOptions {
  port: number
  routing: Routing
  source: ClientSource
  /** The TLS around it, which was ended. */
  secure: Secure | undefined
  upstreams: Upstreams
  /** The client is gone. */
  gone: Cancellation
  user: DispatcherUser
}

/** What OpenSSL says of its peer's `no_application_protocol` (RFC 7301 §3.2), as Node names it. */
export const NO_PROTOCOL = /NO_APPLICATION_PROTOCOL/
const TO_APP: Choice = { to: 'app' }
const NOTHING: readonly Buffer[] = []

export class Dispatcher {
  readonly #options: DispatcherOptions
  /** The last request as filters see it. */
  #seen: FilterRequest | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  /** @param body as JSON, where filters ask for it */
  decide(request: PassingRequest, body: unknown): void {
    const { routing, port, source, secure } = this.#options
    this.#seen = filterRequest(request.head, source, body, secure)
    const { choice, copiers } = routing.decide(port, this.#seen)
    if (copiers.length > 0)
      request.copyTo(copiers.flatMap((copier) => copier.begin(source.address, secure !== undefined) ?? []))
    this.#lead(request, choice)
  }

  /**
   * It goes to whom it belongs now.
   * @param without keys of laptops that answer no more
   */
  again(request: PassingRequest, without?: ReadonlySet<string>): void {
    const { routing, port, source, secure } = this.#options
    const seen = this.#seen ?? filterRequest(request.head, source, undefined, secure)
    this.#lead(request, routing.decide(port, seen, without).choice, without)
  }

  toApp(request: PassingRequest): void {
    this.#lead(request, TO_APP)
  }

  /** At once where a connection is open, else when there is one. */
  #lead(request: PassingRequest, choice: Choice, without?: ReadonlySet<string>): void {
    const { upstreams, user } = this.#options
    const known = upstreams.find(choice)
    if (known !== undefined) {
      user.leads(request, known, request.piecesFor(choice))
      return
    }
    user.waits()
    void this.#open(request, choice, without)
  }

  async #open(request: PassingRequest, choice: Choice, without?: ReadonlySet<string>): Promise<void> {
    const { upstreams, user, gone } = this.#options
    try {
      const upstream = await upstreams.open(choice, request.piecesFor(choice))
      if (gone.isCancelled) {
        upstreams.forget(upstream)
        upstream.stream.reset('cancel', 'the client is gone')
        return
      }
      user.leads(request, upstream, NOTHING)
    } catch (error) {
      if (!gone.isCancelled) this.#notOpened(request, choice, error as Error, without)
    }
  }

  #notOpened(request: PassingRequest, choice: Choice, error: Error, without?: ReadonlySet<string>): void {
    const { routing, user } = this.#options
    if (choice.to === 'app') user.cut()
    else if (!(error instanceof StreamRefused))
      user.answer(503, 'RC-E-310', `The laptop that takes this request is not reachable: ${error.message}.`)
    else if (NO_PROTOCOL.test(error.code) && user.refusedProtocol(choice)) this.again(request, without)
    else if (error.code === 'ended') this.again(request, new Set([...(without ?? []), choice.key]))
    else {
      routing.counts.unheard++
      if (choice.ifDown === 'app') this.toApp(request)
      else user.answer(503, 'RC-E-311', 'Nothing listens on the laptop that takes this request.')
    }
  }
}
