/** Who answers: the contract between the agent, which knows the routes, and what reads connections (`http/`). */
import type { FilterNeeds, FilterRequest, FilterSource } from '../lib/filter/request.ts'
import type { Bridged } from '../wire/messages/control.ts'
import type { Stream } from '../wire/session/contract.ts'
import type { ClientHello } from './tls/client-hello.ts'

/** TLS that was ended: what is passed on is its content. */
export interface Secure {
  /** The name that the client asked for; `""`: none. */
  readonly servername: string
  /** The application protocol that was agreed on; undefined: none. */
  readonly protocol: string | undefined
}

/** Where a request or a whole connection goes. */
export type Choice = { to: 'app' } | Laptop

export interface Laptop {
  to: 'laptop'
  /** Of the Intercept and the laptop: requests with the same key may share a stream. */
  key: string
  /** The Intercept's uid. */
  intercept: string
  /** Who answers when nothing listens on the laptop: the app, or the agent itself with an error. */
  ifDown: 'app' | 'error'
  /**
   * Opens a stream to the laptop's program.
   * @param data first bytes, which travel with the opening
   * @param from the client's address
   * @param secure within TLS
   * Rejects with a `StreamRefused` when nothing listens there, or with the code `ended` when it answers this attachment no more; with another error
   * when the laptop is lost.
   */
  open(data: Buffer, from: string, signal: AbortSignal, secure?: Secure): Promise<Stream>
  /** @returns ends the watch */
  watch(watcher: LaptopWatcher): () => void
}

/** What who keeps a stream to a laptop has to know. */
export interface LaptopWatcher {
  /** It has been away for a while: nothing whole should wait for it any more. */
  onAway(): void
  /** It answers this attachment no more: no other request may go there, those under way are finished. */
  onLeave(): void
}

/** What is done with one HTTP request. */
export interface Decision {
  choice: Choice
  /** Wiretaps that match. */
  copiers: readonly Copier[]
}

/** One watch: is shown every request of its port, and told of what could not be read. Nothing here waits or throws. */
export interface Watcher {
  see(request: FilterRequest): void
  /** A connection of another protocol, or closed TLS. */
  unread(): void
  /** TLS in which there may be requests, and into which this watch does not see. @param from the client's address */
  closed(from: string): void
}

/** One wiretap: makes copies of requests. */
export interface Copier {
  /**
   * @param from the client's address
   * @param isSecure it came in TLS
   * @returns undefined when this request is not copied: its share, its rate, or a laptop that is too slow
   */
  begin(from: string, isSecure?: boolean): Copy | undefined
}

/**
 * The copy of one request, and of its answer when that is compared. Nothing here waits or throws: a copy that cannot be taken whole is
 * dropped. The bytes are the caller's again when a call returns.
 */
export interface Copy {
  readonly wantsAnswer: boolean
  request(bytes: Buffer): void
  requestEnd(): void
  answer(bytes: Buffer): void
  answerEnd(): void
  /** The exchange broke off; after `requestEnd` and, if wanted, `answerEnd` it says nothing. */
  abort(): void
}

export interface Routing {
  /** False: nobody wants anything of this port; connections go to the app unread. */
  wanted(port: number): boolean
  /** What `decide` asks of requests to this port. */
  needs(port: number): FilterNeeds
  /** Who has an address; both names are `""` when it is nobody known. Never rejects, and waits a second at most. */
  source(ip: string): Promise<FilterSource>
  /**
   * For one HTTP request. The kubelet's probes go to the app.
   * @param without keys of laptops that have just said that they answer it no more
   */
  decide(port: number, request: FilterRequest, without?: ReadonlySet<string>): Decision
  /** For a connection that is not HTTP/1. */
  decideRaw(port: number, about?: RawConnection): Choice
  /**
   * Whether somebody who may look into TLS wants to look into such a connection.
   * @returns the paths in the pod that they say the app's certificates and keys have; undefined when nobody wants to
   */
  wantsInside(port: number, hello: ClientHello): readonly string[] | undefined
  /** A request was passed on in another HTTP than its client's, since who takes it speaks no other. */
  bridged(port: number, choice: Choice, as: keyof Bridged): void
  /** How many requests went where, for status. */
  readonly counts: RouteCounts
}

/** What is known of a connection that is not HTTP/1. */
export interface RawConnection {
  /** Keys of laptops that have just said that they answer it no more. */
  without?: ReadonlySet<string>
  /** The TLS around it, which was ended. */
  secure?: Secure | undefined
  /** What its client says first, when it is TLS that passes as it is. */
  hello?: ClientHello | undefined
  /** The client's address. */
  from?: string
}

export interface RouteCounts {
  app: number
  laptop: number
  /** Requests that nobody got: they could be read in two ways, were too large or too slow. */
  refused: number
  /** Requests of a laptop that nothing there answered. */
  unheard: number
  /** Requests that the laptop's program declined. */
  declined: number
  /** Connections that were cut because their client did not read the last that it was answered. */
  unread: number
}
