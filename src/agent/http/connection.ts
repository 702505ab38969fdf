/** One client connection that speaks HTTP/1: its requests one after the other, each to where it belongs. */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../lib/clock.ts'
import { filterRequest } from '../../lib/http1/filter-request.ts'
import { type Framing, requestFraming } from '../../lib/http1/framing.ts'
import { BadMessage, type RequestHead, readRequestHead } from '../../lib/http1/head.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import type { Choice, Routing } from '../routing.ts'
import { ownAnswer } from './answers.ts'
import { closeClient } from './close-client.ts'
import { Exchange, type Outcome } from './exchange.ts'
import { letGo } from './let-go.ts'
import { APP, type Upstream } from './upstream.ts'

export interface ConnectionOptions {
  client: Socket
  port: number
  routing: Routing
  clock: Clock
  /** Opens a connection to the app. */
  connectApp(signal: AbortSignal): Promise<Stream>
}

/** A head that began must be whole by then. */
const HEAD_MS = 60_000

export class HttpConnection {
  readonly #options: ConnectionOptions
  readonly #client: Socket
  readonly #gone = new AbortController()
  readonly #upstreams = new Map<string, Upstream>()
  #lastUsed: Upstream | undefined
  /** Bytes of the client that are not read yet. */
  #unread: Buffer = Buffer.alloc(0)
  /**
   * `reading` a head; `opening` an upstream; `passing` an exchange; `closing`: nothing is read any more, so that what
   * follows can never be taken for a request.
   */
  #state: 'reading' | 'opening' | 'passing' | 'closing' = 'reading'
  #exchange: Exchange | undefined
  #clientEnded = false
  #headTimer: Timer | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#client = options.client
    this.#client.on('data', (bytes: Buffer) => {
      this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes])
      this.#next()
    })
    this.#client.on('end', () => this.#onClientEnd())
    this.#client.on('drain', () => this.#exchange?.clientDrained())
    this.#client.on('close', () => this.#onClientClose())
  }

  /** Begins with bytes that were read already, and an upstream if there is one. */
  start(first: Buffer, upstream?: Upstream): void {
    if (upstream !== undefined) this.#idle(upstream)
    this.#unread = first
    this.#next()
    if (this.#client.readableEnded) this.#onClientEnd()
    else if (this.#state === 'reading') this.#client.resume()
  }

  /** Reads what can be read now. */
  #next(): void {
    try {
      if (this.#state === 'reading') this.#readHead()
      else if (this.#state === 'passing') this.#pass()
      else this.#client.pause()
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#refuse(error)
    }
  }

  #readHead(): void {
    this.#unread = skipEmptyLines(this.#unread)
    const head = readRequestHead(this.#unread)
    if (head === undefined) {
      if (this.#unread.length === 0) return
      const late = (): void => this.#refuse(new BadMessage(408, 'the head of the request did not come'))
      this.#headTimer ??= this.#options.clock.after(HEAD_MS, late)
      return
    }
    this.#headTimer?.cancel()
    this.#headTimer = undefined
    const framing = requestFraming(head)
    const bytes = this.#unread.subarray(0, head.bytes)
    this.#unread = this.#unread.subarray(head.bytes)
    this.#state = 'opening'
    this.#client.pause()
    void this.#begin(head, bytes, framing)
  }

  #pass(): void {
    const taken = this.#exchange?.fromClient(this.#unread) ?? 0
    this.#unread = this.#unread.subarray(taken)
    if (this.#state !== 'passing') return
    // The next request waits for the end of this answer.
    if (this.#unread.length > 0) this.#client.pause()
    else if (this.#clientEnded) this.#exchange?.clientEnded()
  }

  async #begin(head: RequestHead, bytes: Buffer, framing: Framing): Promise<void> {
    let to: Choice['to'] = 'app'
    try {
      const { choice } = this.#options.routing.decide(this.#options.port, filterRequest(head))
      to = choice.to
      const { upstream, sent, fresh } = await this.#upstreamFor(choice, bytes)
      if (this.#client.destroyed) {
        upstream.stream.reset('cancel', 'the client is gone')
        return
      }
      if (!fresh && this.#upstreams.get(upstream.key) !== upstream) {
        // It ended while it was chosen.
        if (upstream.key === APP) this.#close()
        else void this.#begin(head, bytes, framing)
        return
      }
      this.#upstreams.set(upstream.key, upstream)
      this.#lastUsed = upstream
      this.#state = 'passing'
      this.#exchange = new Exchange({
        client: this.#client,
        upstream: upstream.stream,
        head,
        framing,
        over: (outcome) => {
          this.#exchange = undefined
          // A kept stream that ended just as the request came.
          const untouched = outcome.kind === 'lost' && !outcome.told && !fresh
          if (untouched && upstream.key !== APP && isRepeatable(head, framing)) {
            this.#drop(upstream)
            this.#state = 'opening'
            void this.#begin(head, bytes, framing)
          } else this.#onOver(upstream, outcome, fresh)
        },
        wants: () => this.#wants(),
      })
      this.#exchange.start(sent ? undefined : bytes)
      this.#wants()
    } catch (error) {
      if (to === 'app') this.#cut()
      else this.#answer(503, 'RC-E-310', `The laptop that takes this request is not reachable: ${textOf(error)}.`)
    }
  }

  /** `sent`: the head travelled with the opening; `fresh`: no request went there before. */
  async #upstreamFor(choice: Choice, head: Buffer): Promise<{ upstream: Upstream; sent: boolean; fresh: boolean }> {
    const key = choice.to === 'app' ? APP : choice.key
    const known = this.#upstreams.get(key)
    if (known !== undefined) return { upstream: known, sent: false, fresh: false }
    if (choice.to === 'app') {
      const stream = await this.#options.connectApp(this.#gone.signal)
      return { upstream: { key, stream }, sent: false, fresh: true }
    }
    const away = new AbortController()
    let upstream: Upstream | undefined
    const forget = choice.watch({
      onAway: () => {
        away.abort(new Error('it has been away for 8 s'))
        if (upstream !== undefined) this.#onAway(upstream)
      },
      onLeave: () => {
        if (upstream !== undefined) this.#onLeave(upstream)
      },
    })
    try {
      const from = `${this.#client.remoteAddress}:${this.#client.remotePort}`
      const stream = await choice.open(head, from, AbortSignal.any([this.#gone.signal, away.signal]))
      upstream = { key, stream, forget }
      return { upstream, sent: true, fresh: true }
    } catch (error) {
      forget()
      // Nothing listens on the laptop: the app answers instead.
      if (!(error instanceof StreamRefused)) throw error
      this.#options.routing.counts.refused++
      return this.#upstreamFor({ to: 'app' }, head)
    }
  }

  #onAway(upstream: Upstream): void {
    if (this.#exchange !== undefined && this.#lastUsed === upstream) this.#exchange.upstreamAway()
    else this.#drop(upstream)
  }

  #onLeave(upstream: Upstream): void {
    upstream.leaving = true
    if (this.#exchange === undefined || this.#lastUsed !== upstream) this.#drop(upstream)
  }

  /** Ends a stream between requests; the client's connection goes on. */
  #drop(upstream: Upstream): void {
    if (this.#upstreams.get(upstream.key) === upstream) this.#upstreams.delete(upstream.key)
    upstream.forget?.()
    letGo(upstream.stream, this.#options.clock)
  }

  /** Reads on where the client was held. */
  #wants(): void {
    if (this.#state === 'passing' && (this.#unread.length > 0 || this.#clientEnded)) this.#next()
    if (this.#unread.length === 0) this.#client.resume()
  }

  #onOver(upstream: Upstream, outcome: Outcome, fresh: boolean): void {
    if (outcome.kind === 'reuse') {
      this.#state = 'reading'
      if (upstream.leaving === true) this.#drop(upstream)
      else this.#idle(upstream)
      if (this.#unread.length > 0) this.#next()
      if (this.#state !== 'reading') return
      if (this.#clientEnded) this.#close()
      else this.#client.resume()
      return
    }
    if (outcome.kind === 'close') {
      this.#close()
      return
    }
    const { told, orderly, why } = outcome
    if (upstream.key !== APP && fresh && !told)
      this.#answer(503, 'RC-E-310', `The program on the laptop did not answer: ${why}.`)
    // Also a kept connection that ends just as a request comes: the client asks again on a new one (RFC 9112 §9.3.1).
    else if (orderly || (!told && !fresh)) this.#close()
    else this.#cut()
  }

  /** Between requests: when the app answered last and closes, the client's connection ends as it would directly. */
  #idle(upstream: Upstream): void {
    this.#upstreams.set(upstream.key, upstream)
    const drop = (): void => {
      if (this.#upstreams.get(upstream.key) !== upstream) return
      this.#drop(upstream)
      // Of a laptop the client knows nothing: its next request may go to somebody else.
      const last = this.#lastUsed === undefined || this.#lastUsed === upstream
      if (upstream.key === APP && last && this.#state === 'reading') this.#close()
    }
    // Bytes that nobody asked for: the connection cannot be trusted any more.
    upstream.stream.bind({ onData: drop, onEnd: drop, onDrain() {}, onClose: drop })
    upstream.stream.resume()
  }

  #onClientEnd(): void {
    this.#clientEnded = true
    if (this.#state === 'reading') this.#close()
    else if (this.#state === 'passing' && this.#unread.length === 0) this.#exchange?.clientEnded()
  }

  #onClientClose(): void {
    // A tunnel's client may have ended in order while the last of its bytes are on their way to the upstream.
    const orderly = this.#client.readableEnded && this.#client.writableFinished
    if (!orderly) this.#abort('the client is gone')
    this.#exchange = undefined
    this.#gone.abort(new Error('the client is gone'))
    this.#leave()
  }

  #refuse(error: BadMessage): void {
    this.#options.routing.counts.refused++
    const told = this.#exchange?.told === true
    this.#abort(error.message)
    if (told) this.#cut()
    else this.#answer(error.status, 'RC-E-320', `The request is not passed on: ${error.message}.`)
  }

  #abort(why: string): void {
    this.#exchange?.abort(why)
    if (this.#exchange !== undefined && this.#lastUsed !== undefined) this.#upstreams.delete(this.#lastUsed.key)
  }

  /** An answer of the agent itself is the last thing that this connection says. */
  #answer(status: number, code: string, text: string): void {
    this.#close(ownAnswer(status, code, text))
  }

  #close(last?: Buffer): void {
    this.#leave()
    closeClient(this.#client, this.#options.clock, last)
  }

  /** The client must see that what it has is not whole. */
  #cut(): void {
    this.#leave()
    this.#client.resetAndDestroy()
  }

  #leave(): void {
    this.#state = 'closing'
    this.#unread = Buffer.alloc(0)
    this.#headTimer?.cancel()
    for (const upstream of this.#upstreams.values()) {
      upstream.forget?.()
      letGo(upstream.stream, this.#options.clock)
    }
    this.#upstreams.clear()
  }
}

/** Whether a request may be sent once more (RFC 9110 §9.2.2): nothing of it is lost, and twice means the same as once. */
function isRepeatable({ method }: RequestHead, framing: Framing): boolean {
  return framing.kind === 'none' && ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(method)
}

/** Empty lines before a request line are ignored (RFC 9112 §2.2). */
function skipEmptyLines(bytes: Buffer): Buffer {
  let at = 0
  while (bytes[at] === 13 && bytes[at + 1] === 10) at += 2
  return at === 0 ? bytes : bytes.subarray(at)
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
