/** What a mux sends next: control frames first, then flows with data in turn, as long as the link takes it. */
import type { Link } from '../link/link.ts'
import { FRAME, frame, frameHeader, MAX_DATA_BYTES } from './frame.ts'

/** Control frames that wait for a blocked link; more means a far end that asks and never reads. */
const MAX_CONTROL_BYTES = 4 * 1024 * 1024
/** Pieces up to this size are copied together: a copy costs less than one more piece. */
const SMALL_BYTES = 4 * 1024
/** What a small frame costs while it waits. */
const FRAME_COST_BYTES = 128
/** A turn of a flow while others wait, and of one that is alone on a link that does not know better. */
const TURN_BYTES = 64 * 1024
/** The link gets at most about so much in one go. */
const BATCH_BYTES = 256 * 1024

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
  /** The small ones at the end of the batch. */
  #small: Buffer[] = []
  #smallBytes = 0
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
    this.#controlBytes += Math.max(bytes.length, FRAME_COST_BYTES)
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
    const alone = this.#sources.length === 0 ? (this.#link.runBytes ?? TURN_BYTES) : TURN_BYTES
    const { pieces, bytes, end, more } = source.take(Math.min(MAX_DATA_BYTES, Math.max(TURN_BYTES, alone)))
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
    this.#batchBytes += bytes.length
    if (bytes.length <= SMALL_BYTES) {
      this.#small.push(bytes)
      this.#smallBytes += bytes.length
    } else {
      this.#join()
      this.#batch.push(bytes)
    }
    if (this.#batchBytes >= BATCH_BYTES) this.#send()
  }

  /** The small ones become one piece. */
  #join(): void {
    const [first] = this.#small
    if (first === undefined) return
    this.#batch.push(this.#small.length === 1 ? first : Buffer.concat(this.#small, this.#smallBytes))
    this.#small = []
    this.#smallBytes = 0
  }

  #send(): void {
    if (this.#batchBytes === 0) return
    this.#join()
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    if (!this.#link.send(...batch)) this.#full = true
  }
}
