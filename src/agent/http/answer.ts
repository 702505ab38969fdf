/** One answer, read as it comes: interim answers, its head, its body, or what it is when it cannot be read. */
import { BodyReader } from '../../lib/http1/body-reader.ts'
import { responseFraming } from '../../lib/http1/framing.ts'
import { BadMessage, type ResponseHead, readResponseHead } from '../../lib/http1/head.ts'
import { HeadBytes } from './head-bytes.ts'

/** Who gets it. */
export interface AnswerUser {
  /** A whole interim answer (1xx). */
  interim(bytes: Buffer): void
  /** The final head was read. @returns false: nothing of this answer is wanted */
  begins(head: ResponseHead): boolean
  /** Bytes of the final answer. */
  piece(bytes: Buffer): void
  /** The connection is a tunnel from here on, or another protocol's. @param bytes begin with the head */
  opens(bytes: Buffer, head: ResponseHead): void
  /** Bytes of a tunnel, or of an answer that cannot be read: the first of these tell `isOpaque`. */
  unread(bytes: Buffer): void
}

const NOTHING = Buffer.alloc(0)

export class Answer {
  readonly #method: string
  readonly #keepsRequest: boolean
  readonly #user: AnswerUser
  /** What the head is read from, until it is read. */
  #headBytes: Buffer = NOTHING
  /** The same, when it does not come in one piece. */
  #gathered: HeadBytes | undefined
  #body: BodyReader | undefined
  #endsWithConnection = false
  #keeps = false
  #isTunnel = false
  #isOpaque = false

  /**
   * @param method of the request
   * @param keepsRequest the request leaves the connection open
   */
  constructor(method: string, keepsRequest: boolean, user: AnswerUser) {
    this.#method = method
    this.#keepsRequest = keepsRequest
    this.#user = user
  }

  /** After 101 or CONNECT: bytes pass both ways. */
  get isTunnel(): boolean {
    return this.#isTunnel
  }

  /** It cannot be read: the client may understand it, it is what it would get directly. Where it ends only its connection tells. */
  get isOpaque(): boolean {
    return this.#isOpaque
  }

  get isWhole(): boolean {
    return this.#body?.done === true && !this.#isOpaque
  }

  /** Whole, it may be followed by another one. */
  get keeps(): boolean {
    return this.#keeps
  }

  /** The end of the connection is its end. */
  get endsWithConnection(): boolean {
    return this.#endsWithConnection
  }

  take(bytes: Buffer): void {
    if (this.#isTunnel || this.#isOpaque) {
      this.#user.unread(bytes)
      return
    }
    try {
      if (this.#body === undefined) this.#readHead(bytes)
      else this.#readBody(this.#body, bytes, bytes, 0)
    } catch (error) {
      this.#unreadable(error, bytes)
    }
  }

  /** No more comes: a head that is not whole may be none. */
  end(): void {
    try {
      readResponseHead(this.#headBytes)
    } catch (error) {
      this.#unreadable(error, NOTHING)
    }
  }

  #unreadable(error: unknown, bytes: Buffer): void {
    if (!(error instanceof BadMessage)) throw error
    this.#isOpaque = true
    this.#endsWithConnection = true
    this.#user.unread(this.#headBytes.length > 0 ? this.#takeHead() : bytes)
  }

  #readHead(bytes: Buffer): void {
    this.#gathered?.add(bytes)
    let all = this.#gathered?.bytes ?? bytes
    for (;;) {
      this.#headBytes = all
      const head = this.#gathered === undefined ? readResponseHead(all) : this.#gathered.head(readResponseHead)
      if (head === undefined) {
        this.#gather(all)
        return
      }
      if (head.status >= 200 || head.status === 101) {
        this.#readFinal(head, all)
        return
      }
      this.#user.interim(all.subarray(0, head.bytes))
      this.#gathered?.take(head.bytes)
      all = all.subarray(head.bytes)
    }
  }

  #gather(bytes: Buffer): void {
    if (this.#gathered !== undefined || bytes.length === 0) return
    this.#gathered = new HeadBytes()
    this.#gathered.add(bytes)
  }

  #readFinal(head: ResponseHead, all: Buffer): void {
    const { status } = head
    if (status === 101 || (this.#method === 'CONNECT' && status < 300)) {
      this.#isTunnel = true
      this.#user.opens(this.#takeHead(), head)
      return
    }
    if (!this.#user.begins(head)) return
    const framing = responseFraming(head, this.#method)
    this.#endsWithConnection = framing.kind === 'close'
    this.#keeps = head.keepsAlive && this.#keepsRequest && !this.#endsWithConnection
    this.#body = new BodyReader(framing)
    this.#readBody(this.#body, all.subarray(head.bytes), all, head.bytes)
    this.#takeHead()
  }

  /**
   * @param body bytes of the answer's body, and perhaps what follows
   * @param all the same with the head before it, if both came in one
   * @param headBytes how much of `all` is that head
   */
  #readBody(reader: BodyReader, body: Buffer, all: Buffer, headBytes: number): void {
    const taken = reader.take(body)
    // Bytes after the answer belong to no request.
    if (taken < body.length) this.#keeps = false
    this.#user.piece(taken === body.length ? all : all.subarray(0, headBytes + taken))
  }

  #takeHead(): Buffer {
    const bytes = this.#headBytes
    this.#headBytes = NOTHING
    this.#gathered = undefined
    return bytes
  }
}
