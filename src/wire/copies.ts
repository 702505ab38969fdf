/** Reads the records of a `copies` stream (`messages/copies.ts`) as their bytes come. */
import {
  COPY,
  COPY_FLAG,
  COPY_HEADER_BYTES,
  COPY_REQUEST_BYTES,
  MAX_COPY_BYTES,
  type NoAnswer,
} from './messages/copies.ts'

export type CopyRecord =
  | { kind: 'request'; id: number; port: number; wantsAnswer: boolean; isSecure: boolean; bytes: Buffer }
  | { kind: 'answer'; id: number; bytes: Buffer }
  | { kind: 'noAnswer'; id: number; why: NoAnswer }

export class CopyReader {
  readonly #onRecord: (record: CopyRecord) => void
  readonly #header: Buffer = Buffer.alloc(COPY_HEADER_BYTES)
  #headerBytes = 0
  #payload: Buffer | undefined
  #payloadBytes = 0

  /** @param onRecord gets records whose bytes are its own */
  constructor(onRecord: (record: CopyRecord) => void) {
    this.#onRecord = onRecord
  }

  /** Throws when a record is larger than any may be, or too short. Records of unknown kinds are left out. */
  take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#payload === undefined) {
        const taken = bytes.copy(this.#header, this.#headerBytes, at)
        this.#headerBytes += taken
        at += taken
        if (this.#headerBytes < COPY_HEADER_BYTES) return
        const length = this.#header.readUInt32BE(5)
        if (length > MAX_COPY_BYTES + COPY_REQUEST_BYTES) throw new Error('a copy is larger than it may be')
        this.#payload = Buffer.allocUnsafe(length)
        this.#payloadBytes = 0
      }
      // Also when it is empty, and no byte of it will come.

      const taken = bytes.copy(this.#payload, this.#payloadBytes, at)
      this.#payloadBytes += taken
      at += taken
      if (this.#payloadBytes === this.#payload.length) this.#finish(this.#payload)
    }
  }

  #finish(payload: Buffer): void {
    this.#payload = undefined
    this.#headerBytes = 0
    const id = this.#header.readUInt32BE(1)
    switch (this.#header[0]) {
      case COPY.request: {
        if (payload.length < COPY_REQUEST_BYTES) throw new Error('a copy is too short')
        const bytes = payload.subarray(COPY_REQUEST_BYTES)
        const flags = payload.readUInt8(2)
        const wantsAnswer = (flags & COPY_FLAG.answered) !== 0
        const isSecure = (flags & COPY_FLAG.secure) !== 0
        this.#onRecord({ kind: 'request', id, port: payload.readUInt16BE(0), wantsAnswer, isSecure, bytes })
        return
      }
      case COPY.answer:
        this.#onRecord({ kind: 'answer', id, bytes: payload })
        return
      case COPY.noAnswer: {
        const text = payload.toString()
        this.#onRecord({ kind: 'noAnswer', id, why: text === 'large' || text === 'slow' ? text : 'broken' })
      }
    }
  }
}
