/** Frames of the connection itself: SETTINGS, PING, GOAWAY (RFC 9113 §6.5, §6.7, §6.8), and what the peer says by them. */
import { unexpected } from '../../lib/http2/block-assembler.ts'
import { ERROR_CODE } from '../../lib/http2/error-code.ts'
import { FLAG, FRAME, FRAME_HEADER_BYTES, read31, read32 } from '../../lib/http2/frame.ts'
import { Http2Error } from '../../lib/http2/http2-error.ts'
import { SETTING, Settings } from '../../lib/http2/settings.ts'
import { COST, type Flood } from './flood.ts'
import type { HopOut } from './hop-out.ts'
import type { HopStreams } from './hop-streams.ts'
import type { HopOptions } from './hop-user.ts'

export const MAX_HEADER_LIST_BYTES = 65_536
const NOTHING = Buffer.alloc(0)

export class ConnectionFrames {
  readonly peer = new Settings()
  /** The peer's first frame is SETTINGS (RFC 9113 §3.4). */
  hasSettings = false
  readonly #options: HopOptions
  readonly #out: HopOut
  readonly #flood: Flood
  readonly #streams: HopStreams

  constructor(options: HopOptions, out: HopOut, flood: Flood, streams: HopStreams) {
    this.#options = options
    this.#out = out
    this.#flood = flood
    this.#streams = streams
  }

  settings(payload: Buffer, flags: number, stream: number): void {
    if (stream !== 0) throw unexpected(FRAME.SETTINGS)
    if (flags & FLAG.ACK) {
      sized(payload.length === 0, FRAME.SETTINGS)
      return
    }
    this.#flood.spend('SETTINGS')
    const { initialWindowSize: window, headerTableSize: table } = this.peer
    this.peer.take(payload, !this.#options.isServer)
    this.hasSettings = true
    const more = this.peer.initialWindowSize - window
    if (more !== 0) {
      for (const open of this.#streams.open.values()) {
        // Beyond 2^31-1 this is an error of the connection (RFC 9113 §6.9.2).
        open.sends.widen(more, 0)
        open.awake()
      }
    }
    if (this.peer.headerTableSize !== table) this.#out.saysTable = true
    this.#out.control(FRAME.SETTINGS, FLAG.ACK, 0, NOTHING)
    this.#options.user.onSettings()
  }

  ping(payload: Buffer, flags: number, stream: number): void {
    if (stream !== 0) throw unexpected(FRAME.PING)
    sized(payload.length === 8, FRAME.PING)
    this.#flood.spend('PING', COST.ping)
    if (!(flags & FLAG.ACK)) this.#out.control(FRAME.PING, FLAG.ACK, 0, payload)
  }

  goaway(bytes: Buffer, at: number, length: number, stream: number): void {
    if (stream !== 0) throw unexpected(FRAME.GOAWAY)
    sized(length >= 8, FRAME.GOAWAY)
    this.#options.user.onGoaway(read31(bytes, at + FRAME_HEADER_BYTES), read32(bytes, at + FRAME_HEADER_BYTES + 4))
  }
}

/** Throws `Http2Error` FRAME_SIZE_ERROR of the connection. */
export function sized(isRight: boolean, type: number): void {
  if (!isRight)
    throw new Http2Error(ERROR_CODE.FRAME_SIZE_ERROR, `a frame of type ${type} of a length that it cannot have`)
}

/** What the agent says as a client. */
export function clientSettings(windowBytes: number): (readonly [id: number, value: number])[] {
  return [[SETTING.ENABLE_PUSH, 0], ...eitherSettings(windowBytes)]
}

export function eitherSettings(windowBytes: number): (readonly [id: number, value: number])[] {
  return [
    [SETTING.INITIAL_WINDOW_SIZE, windowBytes],
    [SETTING.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
  ]
}
