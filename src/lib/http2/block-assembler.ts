/** HEADERS with its CONTINUATIONs (RFC 9113 §6.2, §6.10), bounded in octets and in frames. */
import { ERROR_CODE } from './error-code.ts'
import { FLAG, FRAME, FRAME_HEADER_BYTES } from './frame.ts'
import { Http2Error } from './http2-error.ts'

/** Of a block as it came. Its fields are bounded by the decoder. */
const MAX_BLOCK_BYTES = 128 * 1024
/** Each brings little: more than these are a flood. */
const MAX_CONTINUATIONS = 32

/** A block that is whole. */
export interface Block {
  readonly stream: number
  readonly bytes: Buffer
  readonly endStream: boolean
}

export class BlockAssembler {
  #stream = 0
  #endStream = false
  #pieces: Buffer[] = []
  #size = 0

  /** Between HEADERS and its last CONTINUATION nothing else may come. */
  get isOpen(): boolean {
    return this.#stream !== 0
  }

  /** @returns the block when it is whole already. Throws `Http2Error` of the connection. */
  headers(bytes: Buffer, at: number, length: number, flags: number, stream: number): Block | undefined {
    const piece = fragment(bytes, at, length, flags)
    const endStream = (flags & FLAG.END_STREAM) !== 0
    if (flags & FLAG.END_HEADERS) return { stream, bytes: piece, endStream }
    this.#stream = stream
    this.#endStream = endStream
    this.#add(piece)
    return undefined
  }

  /** @returns the block when this is its last piece. Throws `Http2Error` of the connection. */
  continuation(bytes: Buffer, at: number, length: number, flags: number, stream: number): Block | undefined {
    if (stream !== this.#stream || stream === 0) throw unexpected(FRAME.CONTINUATION)
    const from = at + FRAME_HEADER_BYTES
    this.#add(bytes.subarray(from, from + length))
    if (this.#pieces.length > MAX_CONTINUATIONS)
      throw new Http2Error(ERROR_CODE.ENHANCE_YOUR_CALM, `more than ${MAX_CONTINUATIONS} CONTINUATION`)
    if (!(flags & FLAG.END_HEADERS)) return undefined
    const block = { stream, bytes: Buffer.concat(this.#pieces), endStream: this.#endStream }
    this.#stream = 0
    this.#pieces = []
    this.#size = 0
    return block
  }

  #add(piece: Buffer): void {
    this.#size += piece.length
    if (this.#size > MAX_BLOCK_BYTES)
      throw new Http2Error(ERROR_CODE.ENHANCE_YOUR_CALM, `a header block over ${MAX_BLOCK_BYTES} bytes`)
    // It waits for a peer: it must not keep the read that it came in.
    this.#pieces.push(Buffer.from(piece))
  }
}

/** What a frame says that comes where it must not. */
export function unexpected(type: number): Http2Error {
  return new Http2Error(ERROR_CODE.PROTOCOL_ERROR, `a frame of type ${type} where none may be`)
}

/** The field block's part without padding and priority. */
function fragment(bytes: Buffer, at: number, length: number, flags: number): Buffer {
  let from = at + FRAME_HEADER_BYTES
  let to = from + length
  if (flags & FLAG.PADDED) {
    if (length < 1) throw tooShort()
    to -= bytes[from] ?? 0
    from += 1
  }
  if (flags & FLAG.PRIORITY) {
    if (from + 5 > at + FRAME_HEADER_BYTES + length) throw tooShort()
    from += 5
  }
  if (from > to) throw new Http2Error(ERROR_CODE.PROTOCOL_ERROR, 'HEADERS with more padding than payload')
  return bytes.subarray(from, to)
}

function tooShort(): Http2Error {
  return new Http2Error(ERROR_CODE.FRAME_SIZE_ERROR, 'HEADERS without what its flags promise')
}
