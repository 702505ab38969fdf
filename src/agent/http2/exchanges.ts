/** The requests of one client that are under way: each is begun, its target decided by what filters want to know, and told of what happens to others. */
import { ChurnMap } from '../../lib/churn.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { filterRequest } from '../../lib/http2/messages/filter-request.ts'
import { requestHead } from '../../lib/http2/messages/request-head.ts'
import type { ClientSource } from '../http/client-source.ts'
import type { ConnectionOptions } from '../http/connection-options.ts'
import type { Choice, Laptop } from '../routing.ts'
import type { Loss } from './asker.ts'
import { Exchange, type ExchangeUser } from './exchange.ts'
import { Heads, headBytes } from './heads.ts'
import type { HopStream } from './hop-stream.ts'
import { learn } from './learn.ts'
import { answerItself } from './own-answer.ts'
import type { Targets } from './targets.ts'
import type { UpstreamHop } from './upstream-hop.ts'

export interface ExchangesOptions extends Pick<ConnectionOptions, 'port' | 'clock' | 'routing' | 'secure'> {
  source: ClientSource
  targets: Targets
  /** The app has gone. @param othersGoOn the connection still answers requests that did not need it */
  onAppGone(how: Loss, othersGoOn: boolean): void
  /** One is over. */
  onOver(): void
  /** One was decided later than it was read: what was made of it goes out. */
  onDecided(): void
}

export class Exchanges implements ExchangeUser {
  readonly #options: ExchangesOptions
  readonly #open = new ChurnMap<HopStream, Exchange>()
  readonly #heads = new Heads()
  #isOver = false

  constructor(options: ExchangesOptions) {
    this.#options = options
  }

  get areNone(): boolean {
    return this.#open.size === 0
  }

  /** The client asks something. Throws `Http2Error` of the stream when it cannot be asked. */
  open(stream: HopStream, block: FieldBlock, endStream: boolean): void {
    const { routing, port, source } = this.#options
    if (block.tooLarge) {
      routing.counts.refused++
      const text = 'The request is not passed on: its header fields are larger than 64 KiB.'
      answerItself(stream, { status: 431, code: 'RC-E-320', text, isHead: false, isGrpc: false })
      return
    }
    const bytes = headBytes(block.encoded, block.fields.length)
    if (!this.#heads.take(bytes)) {
      routing.counts.refused++
      throw new Http2Error(ERROR_CODE.REFUSED_STREAM, 'open streams have too many header fields', stream.id)
    }
    let exchange: Exchange
    try {
      exchange = this.#begin(stream, block, endStream)
    } catch (error) {
      this.#heads.give(bytes)
      routing.counts.refused++
      throw error
    }
    const needs = routing.needs(port)
    if (needs.body || (needs.source && !source.isKnown)) void this.#learn(exchange)
    else this.#decide(exchange, undefined)
  }

  /** The first one, and whoever calls knows where it goes: there is room for it. Throws `Http2Error` of the stream when it is malformed. */
  begin(stream: HopStream, block: FieldBlock, endStream: boolean): Exchange {
    this.#heads.take(headBytes(block.encoded, block.fields.length))
    return this.#begin(stream, block, endStream)
  }

  #begin(stream: HopStream, block: FieldBlock, endStream: boolean): Exchange {
    const exchange = new Exchange(this, stream, requestHead(block, stream.id), block.encoded, endStream)
    stream.user = exchange
    this.#open.set(stream, exchange)
    return exchange
  }

  /** The client's stream is closed. */
  closed(stream: HopStream): void {
    this.#open.get(stream)?.onClosed(stream)
  }

  /** The client is gone. */
  abandon(): void {
    this.#isOver = true
    for (const exchange of [...this.#open.values()]) exchange.abandon()
  }

  hopTo(choice: Choice, isGrpc: boolean): UpstreamHop | undefined {
    const { targets } = this.#options
    return isGrpc ? targets.to(choice, true) : targets.to(choice)
  }

  decideAgain(exchange: Exchange, without?: ReadonlySet<string>): Choice {
    const { routing, port, source, secure } = this.#options
    return routing.decide(port, filterRequest(exchange.head, source, undefined, secure), without).choice
  }

  appGone(exchange: Exchange, how: Loss): void {
    if (this.#isOver) return
    const othersGoOn = [...this.#open.values()].some((other) => other !== exchange && other.outlivesApp)
    if (othersGoOn) exchange.fail(how.kind === 'not opened' ? ERROR_CODE.REFUSED_STREAM : ERROR_CODE.INTERNAL_ERROR)
    this.#options.onAppGone(how, othersGoOn)
  }

  refusedHttp2(laptop: Laptop): void {
    this.#options.targets.refusedHttp2(laptop)
  }

  onDeclined(): void {
    this.#options.routing.counts.declined++
  }

  onUnheard(): void {
    this.#options.routing.counts.unheard++
  }

  onRefused(): void {
    this.#options.routing.counts.refused++
  }

  onOver(exchange: Exchange): void {
    if (this.#open.delete(exchange.down)) this.#heads.give(exchange.headBytes)
    this.#options.onOver()
  }

  async #learn(exchange: Exchange): Promise<void> {
    const { routing, port, source, clock, onDecided } = this.#options
    const json = await learn(exchange, routing.needs(port), source, clock)
    if (this.#isOver) return
    this.#decide(exchange, json)
    onDecided()
  }

  #decide(exchange: Exchange, body: unknown): void {
    const { routing, port, source, secure } = this.#options
    const { choice, copiers } = routing.decide(port, filterRequest(exchange.head, source, body, secure))
    const isSecure = secure !== undefined
    if (copiers.length > 0) exchange.copyTo(copiers.flatMap((copier) => copier.begin(source.address, isSecure) ?? []))
    exchange.lead(choice)
  }
}
