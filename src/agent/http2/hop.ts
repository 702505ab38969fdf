/**
 * One side of a proxied HTTP/2 connection: the agent as the server of a client, or as the client of a target. A hop owns its SETTINGS, PING,
 * GOAWAY and the connection's flow control; what belongs to streams it gives to their users.
 */
import type { Budget } from '../../lib/budget.ts'
import type { ChurnMap } from '../../lib/churn.ts'
import type { ErrorCode } from '../../lib/http2/error-code.ts'
import { FRAME, goawayPayload } from '../../lib/http2/frame.ts'
import { FrameReader } from '../../lib/http2/frame-reader.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { SETTING, type Settings, settingsPayload } from '../../lib/http2/settings.ts'
import { ReceiveWindow } from '../../lib/http2/window.ts'
import type { FlowHandlers, FlowReset } from '../../wire/mux/contract.ts'
import { ConnectionFrames, clientSettings, eitherSettings } from './connection-frames.ts'
import { Flood } from './flood.ts'
import { HopFrames } from './hop-frames.ts'
import { HopOut } from './hop-out.ts'
import { HopStream, type StreamUser } from './hop-stream.ts'
import { HopStreams } from './hop-streams.ts'
import type { HopOptions } from './hop-user.ts'

const FIRST_WINDOW_BYTES = 65_535

export class Hop implements FlowHandlers {
  readonly out = new HopOut()
  /** What the peer has said of how it wants it. */
  readonly peer: Settings
  readonly held: Budget
  readonly flood: Flood
  /** What the peer may still send on the connection. */
  readonly receives: ReceiveWindow
  readonly #options: HopOptions
  readonly #table: HopStreams
  readonly #connection: ConnectionFrames
  readonly #frames: HopFrames
  readonly #reader: FrameReader
  #isBroken = false

  constructor(options: HopOptions) {
    this.#options = options
    this.held = options.held
    this.flood = new Flood(options.clock)
    this.receives = new ReceiveWindow(options.windows.connection)
    this.#table = new HopStreams(options.isServer)
    this.#connection = new ConnectionFrames(options, this.out, this.flood, this.#table)
    this.peer = this.#connection.peer
    this.#frames = new HopFrames(this, options, this.#connection, this.#table)
    this.#reader = new FrameReader(this.#frames)
  }

  /**
   * Says how this end wants it.
   * @param more settings
   */
  begin(...more: (readonly [id: number, value: number])[]): void {
    const { isServer, windows, maxStreams } = this.#options
    if (isServer) this.say([SETTING.MAX_CONCURRENT_STREAMS, maxStreams], ...eitherSettings(windows.stream), ...more)
    else this.say(...clientSettings(windows.stream), ...more)
    this.out.widen(0, windows.connection - FIRST_WINDOW_BYTES)
  }

  /** The peer's SETTINGS have come: it speaks HTTP/2. */
  get hasSettings(): boolean {
    return this.#connection.hasSettings
  }

  /** Which of the peer's blocks has begun and is not whole, by its number; 0: none. */
  get openBlock(): number {
    return this.#frames.openBlock
  }

  /** Those that are open, by their ids. */
  get streams(): ChurnMap<number, HopStream> {
    return this.#table.open
  }

  get lastStream(): number {
    return this.#table.last
  }

  get saidGoaway(): boolean {
    return this.#table.isClosing
  }

  /** Ids are used up, nearly: another connection is needed. */
  get isUsedUp(): boolean {
    return this.#table.isUsedUp
  }

  /**
   * Server: the first stream is a request that came in HTTP/1.1, with settings in the place of the peer's first SETTINGS (RFC 7540 §3.2.1). Throws `Http2Error`
   * when they are none.
   */
  openUpgraded(settings: Buffer, user: StreamUser): HopStream {
    this.peer.take(settings, false)
    this.#table.last = 1
    const stream = this.add(1, user)
    stream.gotEnd = true
    return stream
  }

  /** Client: opens a stream, with the id that it has elsewhere where that may be. Ids may skip but never go back (RFC 9113 §5.1.1). */
  open(id: number, user: StreamUser): HopStream {
    return this.add(this.#table.next(id), user)
  }

  /** Room for the peer on the connection. */
  credit(bytes: number): void {
    const told = this.receives.give(bytes)
    if (told > 0 && !this.#isBroken) this.out.widen(0, told)
  }

  /** For streams: it is over. */
  close(stream: HopStream, by: 'end' | 'reset' | 'peer'): void {
    if (stream.isClosed) return
    if (by === 'reset' && !stream.gotEnd) this.#table.ignore(stream.id)
    this.#table.open.delete(stream.id)
    stream.forget(by === 'end')
    this.#options.user.onStreamClosed(stream)
  }

  /** Says more of how this end wants it. */
  say(...settings: (readonly [id: number, value: number])[]): void {
    this.out.control(FRAME.SETTINGS, 0, 0, settingsPayload(settings))
  }

  /** Takes no more streams; those that are open go on. */
  goaway(code: ErrorCode, why = ''): void {
    this.#table.isClosing = true
    const last = this.#options.isServer ? this.#table.last : 0
    this.out.control(FRAME.GOAWAY, 0, 0, goawayPayload(last, code, why))
  }

  /** Nothing is read any more. */
  stop(): void {
    this.#isBroken = true
    this.#reader.stop()
    for (const stream of [...this.#table.open.values()]) {
      this.#table.open.delete(stream.id)
      stream.forget(false)
    }
  }

  /** Sends what may go now. */
  settle(): void {
    this.out.pump()
    this.out.flush()
  }

  onData(bytes: Buffer): void {
    if (this.#isBroken) return
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#fail(error)
    }
    this.#options.user.onRead()
  }

  onDrain(): void {
    this.out.drained()
    this.#options.user.onRead()
  }

  onEnd(): void {
    if (this.#isBroken) return
    this.#options.user.onEnd()
    this.#options.user.onRead()
  }

  onClose(reason: FlowReset | undefined): void {
    this.#options.user.onClose(reason)
    this.#options.user.onRead()
  }

  /** For frames: a stream that has begun. */
  add(id: number, user: StreamUser): HopStream {
    const windows = { send: this.peer.initialWindowSize, receive: this.#options.windows.stream }
    const stream = new HopStream(this, id, user, windows)
    this.#table.open.set(id, stream)
    return stream
  }

  #fail(error: unknown): void {
    if (!(error instanceof Http2Error)) throw error
    this.goaway(error.code, error.message)
    this.#isBroken = true
    this.#reader.stop()
    this.#options.user.onBroken(error)
  }
}
