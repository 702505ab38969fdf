/** The stream that carries one wiretap's copies to a laptop: whole records, as many as the laptop has places for. */

import type { Budget } from '../../lib/budget.ts'
import {
  COPIES_UNDER_WAY,
  type COPY,
  COPY_DONE_BYTES,
  COPY_HEADER_BYTES,
  writeCopyHeader,
} from '../../wire/messages/copies.ts'
import type { Session, Stream } from '../../wire/session/contract.ts'

interface Waiting {
  record: Buffer
  /** What it holds of the budget. */
  heldBytes: number
}

export class Line {
  readonly session: Session
  readonly #stream: Stream
  readonly #budget: Budget
  #underWay = 0
  #lastId = 0
  /** The stream has taken enough for now. */
  #blocked = false
  #queue: Waiting[] = []
  /** Of the record that filled the stream. */
  #takenBytes = 0
  #rest: Buffer = Buffer.alloc(0)
  #over = false

  /** @param onOver called once, when the far end or the session has ended it */
  constructor(stream: Stream, session: Session, budget: Budget, onOver: () => void) {
    this.session = session
    this.#stream = stream
    this.#budget = budget
    stream.bind({
      onData: (bytes) => this.#onDone(bytes),
      onEnd: () => stream.reset('cancel'),
      onDrain: () => this.#drain(),
      onClose: () => {
        this.#forget()
        onOver()
      },
    })
  }

  get isOver(): boolean {
    return this.#over
  }

  get hasRoom(): boolean {
    return !this.#over && this.#underWay < COPIES_UNDER_WAY
  }

  /** A copy begins. @returns its number */
  take(): number {
    this.#underWay++
    this.#lastId = (this.#lastId + 1) >>> 0
    return this.#lastId
  }

  /** A copy that was taken is not sent. */
  giveUp(): void {
    this.#underWay--
  }

  /** @param heldBytes what the record holds of the budget, which is given back when it has left */
  send(record: Buffer, heldBytes: number): void {
    if (this.#over) this.#budget.give(heldBytes)
    else if (this.#blocked) this.#queue.push({ record, heldBytes })
    else this.#give({ record, heldBytes })
  }

  /** A record without bytes of anybody. */
  say(kind: (typeof COPY)['noAnswer'], id: number, text: string): void {
    const payload = Buffer.from(text)
    const record = Buffer.alloc(COPY_HEADER_BYTES + payload.length)
    writeCopyHeader(record, kind, id, payload.length)
    payload.copy(record, COPY_HEADER_BYTES)
    this.send(record, 0)
  }

  close(): void {
    if (this.#over) return
    this.#forget()
    this.#stream.reset('cancel', 'the wiretap has ended')
  }

  #give({ record, heldBytes }: Waiting): void {
    if (this.#stream.send(record)) this.#budget.give(heldBytes)
    else {
      this.#blocked = true
      this.#takenBytes = heldBytes
    }
  }

  #drain(): void {
    this.#blocked = false
    this.#budget.give(this.#takenBytes)
    this.#takenBytes = 0
    while (!this.#blocked) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#give(next)
    }
  }

  #onDone(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    for (; all.length - at >= COPY_DONE_BYTES; at += COPY_DONE_BYTES) this.#underWay -= all.readUInt32BE(at)
    // What is left would keep the memory that it was read into.
    this.#rest = Buffer.from(all.subarray(at))
    if (this.#underWay < 0) this.#stream.reset('protocol', 'more copies are done than were sent')
  }

  #forget(): void {
    this.#over = true
    this.#budget.give(this.#takenBytes)
    for (const { heldBytes } of this.#queue) this.#budget.give(heldBytes)
    this.#queue = []
    this.#takenBytes = 0
  }
}
