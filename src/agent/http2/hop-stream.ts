/** One stream on one hop: its windows, its states, and what waits to be sent on it. */
import type { ErrorCode } from '../../lib/http2/error-code.ts'
import { FLAG, FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES } from '../../lib/http2/frame.ts'
import type { FieldBlock } from '../../lib/http2/hpack/field.ts'
import { ReceiveWindow, SendWindow } from '../../lib/http2/window.ts'
import type { Hop } from './hop.ts'

/** Who is told what comes on a stream. */
export interface StreamUser {
  /** An answer, an interim one or trailers. Throws `Http2Error` of the stream when it is malformed. */
  onBlock(stream: HopStream, block: FieldBlock, endStream: boolean): void
  /** One DATA frame; its header is at `at`. */
  onData(stream: HopStream, bytes: Buffer, at: number, length: number, flags: number): void
  /** A frame of a type that RFC 9113 does not know. */
  onOther(stream: HopStream, bytes: Buffer, at: number, length: number): void
  /** The peer gave it up, or we had to. */
  onReset(stream: HopStream, code: number, bySelf: boolean): void
}

/** Of whose octets a stream sends. */
export interface RoomGiver {
  /** So many went on in all, or were dropped: there is room for as many. */
  wentOn(bytes: number): void
  /** So many more wait. */
  prepay(bytes: number): void
}

export class HopStream implements RoomGiver {
  readonly id: number
  readonly hop: Hop
  readonly sends: SendWindow
  readonly #receives: ReceiveWindow
  user: StreamUser
  source: RoomGiver | undefined
  /** The peer sends no more. */
  gotEnd = false
  /** We send no more. */
  sentEnd = false
  isClosed = false
  /** Payload that came, that made room again, and of the rest what has room on the connection all the same. */
  #received = 0
  #padding = 0
  #credited = 0
  #prepaid = 0
  /** Payload that was sent. */
  #sent = 0
  #held: Buffer[] = []
  #heldBytes = 0
  /** What follows the octets that are held. */
  #heldBlock: Buffer | undefined
  #endHeld = false
  #resetHeld: ErrorCode | undefined

  constructor(hop: Hop, id: number, user: StreamUser, windows: { send: number; receive: number }) {
    this.hop = hop
    this.id = id
    this.user = user
    this.sends = new SendWindow(windows.send)
    this.#receives = new ReceiveWindow(windows.receive)
  }

  /**
   * Octets of the peer.
   * @param padding of them: it goes no further than this, so its room is there again
   * Throws `Http2Error` of the stream when there is no room for them.
   */
  received(bytes: number, padding: number): void {
    this.#received += bytes
    this.#receives.take(bytes, this.id)
    if (padding > 0) this.#padding += padding
    if (padding > 0) this.credit(padding)
  }

  /** So much of what came went on, or is not wanted. */
  credit(bytes: number): void {
    this.#credited += bytes
    const prepaid = Math.min(bytes, this.#prepaid)
    this.#prepaid -= prepaid
    this.hop.held.give(prepaid)
    this.hop.credit(bytes - prepaid)
    const told = this.#receives.give(bytes)
    if (told > 0 && !this.gotEnd && !this.isClosed) this.hop.out.widen(this.id, told)
  }

  /** So much of it waits here: others of its connection should not wait for that. */
  prepay(payload: number): void {
    const bytes = Math.min(payload, this.#received - this.#credited - this.#prepaid)
    if (bytes <= 0 || this.isClosed || !this.hop.held.take(bytes)) return
    this.#prepaid += bytes
    this.hop.credit(bytes)
  }

  /** What is sent once more, to somebody else, makes room only once. */
  wentOn(bytes: number): void {
    const more = bytes - (this.#credited - this.#padding)
    if (more > 0) this.credit(more)
  }

  /** Octets that wait here. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Passes a DATA frame on, or holds its payload. */
  pass(bytes: Buffer, at: number, length: number, flags: number): void {
    const { out } = this.hop
    if (this.isClosed || this.#holds || length > this.sends.left || !out.hasRoom(length)) {
      this.hold(Buffer.from(payloadOf(bytes, at, length, flags)), (flags & FLAG.END_STREAM) !== 0)
      return
    }
    this.sends.left -= length
    out.window.left -= length
    out.pass(bytes, at, length, this.id)
    this.hop.flood.sentData(length)
    this.#went(length - paddingOf(bytes, at, flags))
    if (flags & FLAG.END_STREAM) this.#ended()
  }

  /** Sends octets as soon as there is room for them. */
  hold(payload: Buffer, endStream: boolean): void {
    if (this.isClosed) {
      this.#went(payload.length)
      return
    }
    if (payload.length > 0) {
      this.#held.push(payload)
      this.#heldBytes += payload.length
      this.hop.out.heldBytes += payload.length
      this.source?.prepay(payload.length)
    }
    if (endStream) this.#endHeld = true
    this.awake()
  }

  /** HEADERS of any kind, behind what is held. */
  block(block: Buffer, endStream: boolean): void {
    if (this.isClosed) return
    if (this.#holds) {
      this.#heldBlock = block
      return
    }
    this.hop.out.block(this.id, block, endStream)
    if (endStream) this.#ended()
  }

  /** A frame of another type. */
  passOther(bytes: Buffer, at: number, length: number): void {
    if (!this.isClosed && !this.sentEnd && !this.#holds) this.hop.out.pass(bytes, at, length, this.id)
  }

  /** The window may have grown. */
  awake(): void {
    if (this.#heldBytes === 0) this.#end()
    else if (this.sends.left > 0) this.hop.out.await(this)
  }

  /**
   * Sends some of what is held.
   * @returns whether more of it could go
   */
  sendHeld(most: number): boolean {
    const [first] = this.#held
    if (first === undefined) {
      this.#end()
      return false
    }
    const size = Math.min(most, this.sends.left, first.length, MAX_PAYLOAD_BYTES)
    if (size <= 0) return false
    const whole = size === first.length
    if (whole) this.#held.shift()
    else this.#held[0] = first.subarray(size)
    this.#heldBytes -= size
    this.hop.out.heldBytes -= size
    this.hop.out.unheldBytes += size
    this.sends.left -= size
    this.hop.out.window.left -= size
    const isLast = this.#heldBytes === 0 && this.#endHeld && this.#heldBlock === undefined
    this.hop.out.data(this.id, whole ? first : first.subarray(0, size), isLast)
    this.hop.flood.sentData(size)
    this.#went(size)
    if (isLast) {
      this.#endHeld = false
      this.#ended()
    } else this.#end()
    return this.#heldBytes > 0 && this.sends.left > 0
  }

  /** Gives the stream up. What is held is dropped. */
  reset(code: ErrorCode | number): void {
    if (this.isClosed) return
    this.hop.out.reset(this.id, code)
    this.hop.close(this, 'reset')
  }

  /** Gives it up when all that is held was sent (RFC 9113 §8.1: an answer that is whole before its request). */
  resetBehind(code: ErrorCode): void {
    if (this.sentEnd || !this.#holds) this.reset(code)
    else this.#resetHeld = code
  }

  /**
   * For the hop: nothing comes or goes any more.
   * @param inOrder both ends said so; what came of it may still wait elsewhere
   */
  forget(inOrder: boolean): void {
    this.isClosed = true
    this.hop.out.awaitNoMore(this)
    this.#went(this.#heldBytes)
    this.hop.out.heldBytes -= this.#heldBytes
    this.#held = []
    this.#heldBytes = 0
    this.#heldBlock = undefined
    this.#endHeld = false
    if (inOrder) return
    this.hop.held.give(this.#prepaid)
    this.hop.credit(this.#received - this.#credited - this.#prepaid)
    this.#credited = this.#received
    this.#prepaid = 0
  }

  get #holds(): boolean {
    return this.#heldBytes > 0 || this.#endHeld || this.#heldBlock !== undefined
  }

  /** What follows the octets, once they are gone. */
  #end(): void {
    if (this.#heldBytes > 0 || this.isClosed) return
    const block = this.#heldBlock
    if (block !== undefined) {
      this.#heldBlock = undefined
      this.#endHeld = false
      this.hop.out.block(this.id, block, true)
      this.#ended()
    } else if (this.#endHeld) {
      this.#endHeld = false
      this.hop.out.data(this.id, NOTHING, true)
      this.#ended()
    }
  }

  #ended(): void {
    this.sentEnd = true
    if (this.#resetHeld !== undefined) this.reset(this.#resetHeld)
    else if (this.gotEnd) this.hop.close(this, 'end')
  }

  #went(bytes: number): void {
    this.#sent += bytes
    if (bytes > 0) this.source?.wentOn(this.#sent)
  }
}

const NOTHING = Buffer.alloc(0)

/** A DATA frame's payload without its padding, which is known to fit. */
export function payloadOf(bytes: Buffer, at: number, length: number, flags: number): Buffer {
  const from = at + FRAME_HEADER_BYTES
  if (!(flags & FLAG.PADDED)) return bytes.subarray(from, from + length)
  return bytes.subarray(from + 1, from + length - (bytes[from] ?? 0))
}

/** Octets of a DATA frame that are no payload: the padding and its length. */
export function paddingOf(bytes: Buffer, at: number, flags: number): number {
  return flags & FLAG.PADDED ? 1 + (bytes[at + FRAME_HEADER_BYTES] ?? 0) : 0
}
