/** One link that carries records, for as long as it lives. */
import type { Link } from '../link/link.ts'
import { dataHeader, RecordDecoder, type RecordHandlers, type RecordType, record } from './record.ts'

export interface RecordLinkHandlers extends RecordHandlers {
  /** Bytes of any kind came. */
  onHeard(): void
  onDrain(): void
  /** The link is gone, or its far end did something wrong. Called once. */
  onClose(reason?: Error): void
}

/** Runs up to this size are copied into one send. */
const SMALL_BYTES = 16 * 1024

const DEAF: RecordLinkHandlers = { onRecord() {}, onData() {}, onHeard() {}, onDrain() {}, onClose() {} }

export class RecordLink {
  readonly #link: Link
  readonly #decoder: RecordDecoder
  /** Who listens now: the one who starts it first, then the durable link. */
  #handlers: RecordLinkHandlers | undefined
  /** What comes while nobody listens. */
  #held: (() => void)[] = []
  #full = false
  #over = false

  /** Owns the link from here on. */
  constructor(link: Link) {
    this.#link = link
    this.#decoder = new RecordDecoder({
      onRecord: (type, payload) => this.#give((to) => to.onRecord(type, payload)),
      onData: (offset, bytes) => {
        if (this.#handlers !== undefined) this.#handlers.onData(offset, bytes)
        else this.#give((to) => to.onData(offset, bytes))
      },
    })
    link.bind({
      onData: (bytes) => this.#feed(bytes),
      onDrain: () => {
        this.#full = false
        this.#handlers?.onDrain()
      },
      onClose: (reason) => this.#end(reason),
    })
  }

  get name(): string {
    return this.#link.name
  }

  /** Bytes that the link still refers to, the last ones that were sent. */
  get unwrittenBytes(): number {
    return this.#link.unwrittenBytes ?? 0
  }

  /** The link takes no more for now: wait for `onDrain`. */
  get isFull(): boolean {
    return this.#full
  }

  /** May be called again: from then on the others hear nothing. What came while nobody listened comes now. */
  listen(handlers: RecordLinkHandlers): void {
    this.#handlers = handlers
    const held = this.#held
    this.#held = []
    for (const tell of held) tell()
  }

  /** Nobody listens until `listen`; nothing is lost. */
  hold(): void {
    this.#handlers = undefined
  }

  /** From here on nobody hears of it, and what comes is dropped. */
  drop(reason: Error): void {
    this.deafen()
    this.#link.reset(reason)
  }

  /** From here on nobody hears of it; what was sent goes out. */
  deafen(): void {
    this.#handlers = DEAF
    this.#held = []
  }

  send(type: RecordType, ...payload: Uint8Array[]): void {
    this.#put(record(type, ...payload))
  }

  /** Sends data that begins at `offset`, `length` bytes in all. */
  sendData(offset: number, length: number, pieces: Buffer[]): void {
    const header = dataHeader(offset, length)
    // A copy that is small costs less than one more piece.
    if (length <= SMALL_BYTES) this.#put(Buffer.concat([header, ...pieces], header.length + length))
    else this.#put(header, ...pieces)
  }

  pause(): void {
    this.#link.pause()
  }

  resume(): void {
    this.#link.resume()
  }

  close(): void {
    this.#link.close()
  }

  #put(...pieces: Buffer[]): void {
    if (!this.#link.send(...pieces)) this.#full = true
  }

  #feed(bytes: Buffer): void {
    if (this.#over || this.#handlers === DEAF) return
    this.#handlers?.onHeard()
    const wrong = this.#decoder.feed(bytes)
    if (wrong === undefined) return
    const reason = new Error(`protocol error on ${this.name}: ${wrong}`)
    this.#end(reason)
    this.#link.reset(reason)
  }

  #end(reason?: Error): void {
    if (this.#over) return
    this.#over = true
    this.#give((to) => to.onClose(reason))
  }

  #give(tell: (to: RecordLinkHandlers) => void): void {
    if (this.#handlers !== undefined) tell(this.#handlers)
    else this.#held.push(() => this.#give(tell))
  }
}
