/** SETTINGS (RFC 9113 §6.5): what one end says that the other one has to keep to. */
import { ERROR_CODE } from './error-code.ts'
import { MAX_31, MAX_PAYLOAD_BYTES, read32 } from './frame.ts'
import { Http2Error } from './http2-error.ts'

/** Identifiers (RFC 9113 §6.5.2, RFC 8441 §3). */
export const SETTING = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
  ENABLE_CONNECT_PROTOCOL: 0x8,
} as const

const SETTING_BYTES = 6
const MAX_FRAME_SIZE_LIMIT = 0xffffff

/** What a peer has said; its beginning is what RFC 9113 says for who has said nothing. */
export class Settings {
  headerTableSize = 4096
  maxConcurrentStreams: number = Number.POSITIVE_INFINITY
  initialWindowSize = 65_535
  maxFrameSize: number = MAX_PAYLOAD_BYTES
  connectProtocol = false

  /**
   * Takes a frame's payload.
   * @param byServer who says it is a server: it cannot enable push
   * Throws `Http2Error` of the connection. Settings that are unknown are ignored.
   */
  take(payload: Buffer, byServer: boolean): void {
    if (payload.length % SETTING_BYTES !== 0)
      throw new Http2Error(ERROR_CODE.FRAME_SIZE_ERROR, 'SETTINGS of a length that is no multiple of 6')
    for (let at = 0; at < payload.length; at += SETTING_BYTES)
      this.#set(payload.readUInt16BE(at), read32(payload, at + 2), byServer)
  }

  #set(id: number, value: number, byServer: boolean): void {
    switch (id) {
      case SETTING.HEADER_TABLE_SIZE:
        this.headerTableSize = value
        return
      case SETTING.ENABLE_PUSH:
        if (value > (byServer ? 0 : 1)) throw bad('ENABLE_PUSH')
        return
      case SETTING.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value
        return
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > MAX_31) throw new Http2Error(ERROR_CODE.FLOW_CONTROL_ERROR, 'INITIAL_WINDOW_SIZE over 2^31-1')
        this.initialWindowSize = value
        return
      case SETTING.MAX_FRAME_SIZE:
        if (value < MAX_PAYLOAD_BYTES || value > MAX_FRAME_SIZE_LIMIT) throw bad('MAX_FRAME_SIZE')
        this.maxFrameSize = value
        return
      case SETTING.ENABLE_CONNECT_PROTOCOL:
        // RFC 8441 §3: never taken back.
        if (value > 1 || (value === 0 && this.connectProtocol)) throw bad('ENABLE_CONNECT_PROTOCOL')
        this.connectProtocol = value === 1
    }
  }
}

function bad(name: string): Http2Error {
  return new Http2Error(ERROR_CODE.PROTOCOL_ERROR, `SETTINGS with a value of ${name} that it cannot have`)
}

/** A payload of SETTINGS. */
export function settingsPayload(pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * SETTING_BYTES)
  pairs.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * SETTING_BYTES)
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2)
  })
  return payload
}
