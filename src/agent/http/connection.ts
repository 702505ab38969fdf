/** One client connection that speaks HTTP/1: its requests one after the other, each to where it belongs. */
import type { Socket } from 'node:net'
import type { Stream } from '../../wire/session/contract.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import type { Choice, Routing } from '../routing.ts'
import { ownAnswer } from './answers.ts'
import { Exchange } from './exchange.ts'
import { requestFraming } from './framing.ts'
import { BadMessage, type RequestHead, readRequestHead } from './head.ts'
import { filterRequest } from './request.ts'

export interface ConnectionOptions {
  client: Socket
  port: number
  routing: Routing
  /** Opens a connection to the app. */
  connectApp(signal: AbortSignal): Promise<Stream>
}

/** Where a request went; kept for the next one that goes there. */
interface Upstream {
  key: string
  stream: Stream
}

const APP = 'app'
/** A head that began must be whole by then. */
const HEAD_MS = 30_000

export class HttpConnection {
  readonly #client: Socket
  readonly #port: number
  readonly #routing: Routing
  readonly #connectApp: (signal: AbortSignal) => Promise<Stream>
  readonly #gone = new AbortController()
  readonly #upstreams = new Map<string, Upstream>()
  #lastUsed: Upstream | undefined
  /** Bytes of the client that are not read yet. */
  #unread: Buffer = Buffer.alloc(0)
  #exchange: Exchange | undefined
  #opening = false
  #clientEnded = false
  #headTimer: NodeJS.Timeout | undefined

  constructor({ client, port, routing, connectApp }: ConnectionOptions) {
    this.#client = client
    this.#port = port
    this.#routing = routing
    this.#connectApp = connectApp
    client.on('data', (bytes: Buffer) => this.#onClientData(bytes))
    client.on('end', () => this.#onClientEnd())
    client.on('drain', () => this.#exchange?.clientDrained())
    client.on('error', () => {})
    client.on('close', () => this.#onClientClose())
  }

  /** Begins with bytes that were read already, and an app connection if there is one. */
  start(first: Buffer, app?: Stream): void {
    if (app !== undefined) this.#keep({ key: APP, stream: app })
    this.#onClientData(first)
    if (this.#client.readableEnded) this.#onClientEnd()
    this.#client.resume()
  }

  #onClientData(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes])
    this.#next()
  }

  /** Reads what can be read now. */
  #next(): void {
    if (this.#opening || this.#client.destroyed) return
    try {
      if (this.#exchange !== undefined) {
        const taken = this.#exchange.fromClient(this.#unread)
        this.#unread = this.#unread.subarray(taken)
        // The next request waits for the end of this answer.
        if (this.#unread.length > 0) this.#client.pause()
        return
      }
      if (this.#unread.length === 0) return
      const head = readRequestHead(skipEmptyLines(this.#unread))
      if (head === undefined) {
        this.#headTimer ??= setTimeout(
          () => this.#refuse(new BadMessage(408, 'the head did not come')),
          HEAD_MS,
        ).unref()
        return
      }
      clearTimeout(this.#headTimer)
      this.#headTimer = undefined
      this.#unread = skipEmptyLines(this.#unread)
      const bytes = this.#unread.subarray(0, head.bytes)
      const framing = requestFraming(head)
      this.#unread = this.#unread.subarray(head.bytes)
      void this.#begin(head, bytes, framing)
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#refuse(error)
    }
  }

  async #begin(head: RequestHead, bytes: Buffer, framing: ReturnType<typeof requestFraming>): Promise<void> {
    this.#opening = true
    this.#client.pause()
    const choice = this.#routing.decide(this.#port, filterRequest(head))
    try {
      const { upstream, sent } = await this.#upstreamFor(choice, bytes)
      if (this.#client.destroyed) return
      this.#lastUsed = upstream
      const exchange = new Exchange({ client: this.#client, upstream: upstream.stream, head, framing }, (reuse) =>
        this.#onExchangeOver(exchange, upstream, reuse),
      )
      this.#exchange = exchange
      exchange.start(sent ? undefined : bytes)
      this.#opening = false
      this.#client.resume()
      this.#next()
      if (this.#clientEnded) exchange.clientEnded()
    } catch (error) {
      this.#opening = false
      if (choice.to === 'laptop')
        this.#answer(ownAnswer(503, 'RC-E-310', `the laptop is not reachable: ${text(error)}`))
      else this.#client.resetAndDestroy()
    }
  }

  /** `sent`: the head travelled with the opening. */
  async #upstreamFor(choice: Choice, head: Buffer): Promise<{ upstream: Upstream; sent: boolean }> {
    const key = choice.to === 'app' ? APP : choice.key
    const known = this.#upstreams.get(key)
    if (known !== undefined) return { upstream: known, sent: false }
    if (choice.to === 'laptop') {
      const from = `${this.#client.remoteAddress}:${this.#client.remotePort}`
      try {
        const stream = await choice.open(head, from, this.#gone.signal)
        return { upstream: this.#keep({ key, stream }), sent: true }
      } catch (error) {
        // Nothing listens on the laptop: the app answers instead.
        if (!(error instanceof StreamRefused)) throw error
        this.#routing.counts.refused++
        return this.#upstreamFor({ to: 'app' }, head)
      }
    }
    return { upstream: this.#keep({ key, stream: await this.#connectApp(this.#gone.signal) }), sent: false }
  }

  #keep(upstream: Upstream): Upstream {
    this.#upstreams.set(upstream.key, upstream)
    this.#idle(upstream)
    return upstream
  }

  /** Between requests: when the end that answered last closes, the client's connection ends as it would directly. */
  #idle(upstream: Upstream): void {
    const drop = (): void => {
      if (this.#upstreams.get(upstream.key) !== upstream) return
      this.#upstreams.delete(upstream.key)
      if (this.#lastUsed === upstream && this.#exchange === undefined && !this.#opening) this.#client.end()
    }
    upstream.stream.bind({
      // Bytes that nobody asked for: the connection cannot be trusted any more.
      onData: () => {
        drop()
        upstream.stream.reset('protocol', 'an answer without a request')
      },
      onEnd: () => {
        drop()
        upstream.stream.end()
      },
      onDrain() {},
      onClose: drop,
    })
    upstream.stream.resume()
  }

  #onExchangeOver(exchange: Exchange, upstream: Upstream, reuse: boolean): void {
    if (this.#exchange !== exchange) return
    this.#exchange = undefined
    if (!reuse) {
      this.#upstreams.delete(upstream.key)
      return
    }
    this.#idle(upstream)
    if (this.#clientEnded && this.#unread.length === 0) this.#client.end()
    this.#client.resume()
    this.#next()
  }

  #onClientEnd(): void {
    this.#clientEnded = true
    if (this.#exchange !== undefined) this.#exchange.clientEnded()
    else if (!this.#opening) this.#client.end()
  }

  #onClientClose(): void {
    clearTimeout(this.#headTimer)
    this.#gone.abort(new Error('the client is gone'))
    for (const { stream } of this.#upstreams.values()) {
      if (this.#exchange === undefined) stream.end()
      else stream.reset('reset', 'the client is gone')
    }
    this.#exchange?.clientGone()
    this.#upstreams.clear()
  }

  #refuse(error: BadMessage): void {
    this.#routing.counts.refused++
    this.#answer(ownAnswer(error.status, 'RC-E-320', error.message))
  }

  /** The last thing this connection says. */
  #answer(bytes: Buffer): void {
    this.#client.removeAllListeners('data')
    this.#client.end(bytes)
    // What the client still sends is read and dropped, so that its kernel does not lose our answer (RFC 9112 §9.6).
    this.#client.on('data', () => {}).resume()
    setTimeout(() => this.#client.destroy(), 1000).unref()
  }
}

/** Empty lines before a request line are ignored (RFC 9112 §2.2). */
function skipEmptyLines(bytes: Buffer): Buffer {
  let at = 0
  while (bytes[at] === 13 && bytes[at + 1] === 10) at += 2
  return at === 0 ? bytes : bytes.subarray(at)
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
