/** What a mux sends next: control frames first, then flows with data in turn, as long as the link takes it. */
import type { Link } from '../link/link.ts'
import { FRAME, frame, frameHeader, MAX_DATA_BYTES } from './frame.ts'

/** Control frames that wait for a blocked link; more means a far end that asks and never reads. */
const MAX_CONTROL_BYTES = 4 * 1024 * 1024
/** Pieces up to this size are copied into one send. */
const SMALL_BYTES = 4 * 1024
const BATCH_BYTES = 64 * 1024

/** A flow as the outbox sees it. */
export interface Source {
  readonly id: number
  /** Takes up to `max` bytes of what may be sent now, and whether the end follows right after them. */
  take(max: number): { pieces: Buffer[]; bytes: number; end: boolean; more: boolean }
  /** True while the flow stands in the outbox. The outbox's own mark. */
  waiting: boolean
}

export class Outbox {
  readonly #link: Link
  readonly #overflow: () => void
  #control: Buffer[] = []
  #controlBytes = 0
  #sources: Source[] = []
  #batch: Buffer[] = []
  #batchBytes = 0
  #full = false
  #scheduled = false
  #closed = false

  /** @param overflow called when control frames pile up beyond their bound */
  constructor(link: Link, overflow: () => void) {
    this.#link = link
    this.#overflow = overflow
  }

  /** Queues a frame that goes before all data. */
  control(bytes: Buffer): void {
    if (this.#closed) return
    this.#control.push(bytes)
    this.#controlBytes += bytes.length
    if (this.#controlBytes > MAX_CONTROL_BYTES) this.#overflow()
    else this.#schedule()
  }

  /** The flow has something that it may send. */
  offer(source: Source): void {
    if (source.waiting || this.#closed) return
    source.waiting = true
    this.#sources.push(source)
    this.#schedule()
  }

  /** The link takes bytes again. */
  drained(): void {
    this.#full = false
    this.flush()
  }

  /** Sends what can be sent now. */
  flush(): void {
    while (!this.#full && !this.#closed) {
      if (this.#control.length > 0) this.#takeControl()
      else if (this.#sources.length > 0) this.#takeData()
      else break
    }
    this.#send()
  }

  close(): void {
    this.#closed = true
    this.#control = []
    this.#sources = []
  }

  #schedule(): void {
    if (this.#scheduled || this.#full) return
    this.#scheduled = true
    process.nextTick(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  #takeControl(): void {
    const frames = this.#control
    this.#control = []
    this.#controlBytes = 0
    for (const bytes of frames) this.#add(bytes)
  }

  #takeData(): void {
    const source = this.#sources.shift()
    if (source === undefined) return
    source.waiting = false
    const { pieces, bytes, end, more } = source.take(MAX_DATA_BYTES)
    if (bytes > 0) {
      this.#add(frameHeader(source.id, FRAME.DATA, bytes))
      for (const piece of pieces) this.#add(piece)
    }
    if (end) this.#add(frame(source.id, FRAME.END))
    if (!more) return
    source.waiting = true
    this.#sources.push(source)
  }

  #add(bytes: Buffer): void {
    if (bytes.length > SMALL_BYTES) {
      this.#send()
      this.#give(bytes)
      return
    }
    this.#batch.push(bytes)
    this.#batchBytes += bytes.length
    if (this.#batchBytes >= BATCH_BYTES) this.#send()
  }

  #send(): void {
    if (this.#batchBytes === 0) return
    const [first] = this.#batch
    const bytes = this.#batch.length === 1 && first !== undefined ? first : Buffer.concat(this.#batch, this.#batchBytes)
    this.#batch = []
    this.#batchBytes = 0
    this.#give(bytes)
  }

  #give(bytes: Buffer): void {
    if (!this.#link.send(bytes)) this.#full = true
  }
}
