/** A target that speaks HTTP/2 only, seen as one that speaks HTTP/1.1: requests come one after the other, each is a stream. */
import { Budget } from '../../lib/budget.ts'
import type { Clock } from '../../lib/clock.ts'
import { BadMessage } from '../../lib/http1/bad-message.ts'
import { asksForWebSocket } from '../../lib/http2/bridge/request-from-http1.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { PREFACE } from '../../lib/http2/preface.ts'
import type { FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { ownAnswer } from '../http/answers.ts'
import { letGo } from '../http/let-go.ts'
import { Unread } from '../http/unread.ts'
import { Hop } from './hop.ts'
import type { HopUser } from './hop-user.ts'
import { Http2Exchange, type Http2ExchangeUser } from './http2-exchange.ts'
import { memoryPair } from './memory-pair.ts'

export interface Http2TargetOptions {
  clock: Clock
  /** Of the connection. */
  scheme: 'http' | 'https'
  /** Whom a request of HTTP/1.0 asks that does not say. */
  authority: string
  /** What of an answer may wait for the client. */
  windowBytes: number
  /** A request is passed on. */
  onRequest(): void
  /** `true`: its SETTINGS have come; `false`: something else, or its end. */
  onSpeaks(http2: boolean): void
}

const NOTHING = Buffer.alloc(0)
const NO_WEBSOCKET = 'The program that takes this request speaks HTTP/2 only, and no WebSocket within it (RFC 8441).'

export class Http2Target implements HopUser, Http2ExchangeUser {
  readonly hop: Hop
  readonly #options: Http2TargetOptions
  /** What is asked in HTTP/1.1, and its other end. */
  readonly #near: Stream
  readonly #client: Stream
  readonly #unread = new Unread()
  #target: Stream | undefined
  #exchange: Http2Exchange | undefined
  #clientEnded = false
  /** The client takes no more for now. */
  #isHeld = false
  #isPaused = false
  /** Takes no more requests. */
  #isRetired = false
  #isOver = false

  constructor(options: Http2TargetOptions) {
    this.#options = options
    const windows = { stream: options.windowBytes, connection: options.windowBytes }
    // Nobody else's streams wait for what is held here.
    const held = new Budget(0)
    this.hop = new Hop({ user: this, clock: options.clock, isServer: false, windows, held, maxStreams: 1 })
    const [near, client] = memoryPair()
    this.#near = near
    this.#client = client
  }

  /**
   * Connects, and asks what was taken of a request so far.
   * @param connect opens the connection; the first octets travel with that
   * @returns what is asked in HTTP/1.1, still until it is resumed. Rejects as `connect` does.
   */
  async open(pieces: readonly Buffer[], connect: (first: Buffer) => Promise<Stream>): Promise<Stream> {
    const { out } = this.hop
    out.outbox.add(PREFACE, 0, PREFACE.length)
    this.hop.begin()
    for (const piece of pieces) this.#take(piece)
    const target = await connect(out.outbox.take())
    this.#target = target
    out.connect(target)
    target.bind(this.hop)
    target.resume()
    this.#client.bind({
      onData: (bytes) => {
        this.#take(bytes)
        this.#settle()
      },
      onEnd: () => this.#onClientEnd(),
      onDrain: () => {
        this.#exchange?.clientDrained()
        this.#isHeld = false
        this.#settle()
      },
      onClose: () => this.#close(),
    })
    this.hasRoom()
    return this.#near
  }

  toClient(bytes: Buffer): boolean {
    return this.#client.send(bytes)
  }

  endClient(): void {
    this.#isRetired = true
    this.#client.end()
  }

  holdTarget(): void {
    this.#isHeld = true
    this.#holdBack()
  }

  hasRoom(): void {
    if (this.#exchange?.isFull !== true) this.#client.resume()
  }

  onProgress(): void {
    if (this.#exchange?.isWhole !== true) return
    this.#exchange = undefined
    if (this.#isRetired || this.#clientEnded || this.hop.isUsedUp) this.#close()
  }

  onLost(why: string, unheard: boolean): void {
    this.#exchange = undefined
    this.#lose(why, unheard)
  }

  onOpen(): void {}

  onSettings(): void {
    this.#options.onSpeaks(true)
    // What waits for them.
    this.#take(NOTHING)
  }

  onGoaway(lastStream: number): void {
    this.#isRetired = true
    if (this.#exchange === undefined) this.#close()
    else if (lastStream < this.hop.lastStream) this.#lose('it takes no more requests', true)
  }

  onStreamClosed(): void {}

  onBroken(error: Error): void {
    this.hop.out.flush()
    this.#gone(error.message)
  }

  onEnd(): void {
    this.#gone('it closed the connection')
  }

  onClose(reason: FlowReset | undefined): void {
    if (reason?.code === 'lost') this.#lose('the connection to it was lost', false)
    else this.#gone('the connection to it was lost')
  }

  onRead(): void {
    this.#settle()
  }

  #onClientEnd(): void {
    this.#clientEnded = true
    if (this.#exchange === undefined) this.#close()
    else this.#exchange.clientEnded()
    this.#settle()
  }

  /** Sends what may go. A target that takes nothing and makes us say more all the same is not read meanwhile. */
  #settle(): void {
    if (this.#isOver) return
    this.hop.settle()
    this.#holdBack()
  }

  #holdBack(): void {
    const isPaused = this.#isHeld || this.hop.out.isCrowded
    if (isPaused === this.#isPaused) return
    this.#isPaused = isPaused
    if (isPaused) this.#target?.pause()
    else this.#target?.resume()
  }

  #take(bytes: Buffer): void {
    if (this.#isOver) return
    this.#unread.add(bytes)
    try {
      this.#read()
    } catch (error) {
      if (!(error instanceof BadMessage)) throw error
      this.#answer(error.status, 'RC-E-320', `The request is not passed on: ${error.message}.`)
    }
    if (this.#exchange?.isFull === true) this.#client.pause()
  }

  #read(): void {
    if (this.#exchange === undefined) this.#begin()
    if (this.#unread.length > 0) this.#exchange?.fromClient(this.#unread)
  }

  #begin(): void {
    const head = this.#unread.request()
    if (head === undefined) return
    const { hasSettings, peer } = this.hop
    const asksMore = asksForWebSocket(head)
    // Only SETTINGS say whether that may be asked, and whether anything.
    if (hasSettings ? peer.maxConcurrentStreams === 0 : asksMore) return
    if (asksMore && !peer.connectProtocol) {
      this.#answer(501, 'RC-E-320', NO_WEBSOCKET)
      return
    }
    this.#unread.take(head.bytes)
    const { scheme, authority } = this.#options
    this.#exchange = new Http2Exchange(this, head, { scheme, authority, extendedConnect: peer.connectProtocol })
    this.#options.onRequest()
  }

  /** The agent itself does, and this connection ends with that. */
  #answer(status: number, code: string, text: string): void {
    this.#client.send(ownAnswer(status, code, text))
    this.#close()
  }

  /** The target says no more. */
  #gone(why: string): void {
    if (this.#isOver) return
    const { hasSettings } = this.hop
    if (!hasSettings) this.#options.onSpeaks(false)
    // Who does not speak HTTP/2 has understood nothing.
    if (!hasSettings || this.#exchange !== undefined) this.#lose(why, !hasSettings)
    else this.#close()
  }

  #lose(why: string, unheard: boolean): void {
    if (this.#isOver) return
    this.#end()
    this.#client.reset(unheard ? 'refused' : 'reset', why)
  }

  #close(): void {
    if (this.#isOver) return
    this.#end()
    this.#client.end()
  }

  #end(): void {
    this.#isOver = true
    this.#exchange?.giveUp()
    this.#exchange = undefined
    this.#unread.clear()
    if (this.#target !== undefined) {
      this.hop.goaway(ERROR_CODE.NO_ERROR)
      this.hop.out.flush()
      letGo(this.#target, this.#options.clock)
    }
    this.hop.stop()
  }
}
