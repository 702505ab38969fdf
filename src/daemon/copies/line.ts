/** The stream on which one agent's copies come. */
import { ChurnMap } from '../../lib/churn.ts'
import { CopyReader, type CopyRecord } from '../../wire/copies.ts'
import { COPIES_UNDER_WAY, COPY_DONE_BYTES } from '../../wire/messages/copies.ts'
import type { Stream } from '../../wire/session/contract.ts'

export type CopiedRequest = CopyRecord & { kind: 'request' }

/** Takes the app's answer to a request: its bytes, or undefined when there will be none. */
export type TakeAnswer = (bytes: Buffer | undefined) => void

export interface LineHandlers {
  onRequest(line: Line, request: CopiedRequest): void
  onClose(line: Line): void
}

export class Line {
  readonly #stream: Stream
  readonly #handlers: LineHandlers
  /** Who waits for answers, by the copies' numbers. */
  readonly #answers = new ChurnMap<number, TakeAnswer>()
  /** Copies that the agent was not told are done with. */
  #open = 0

  constructor(stream: Stream, handlers: LineHandlers) {
    this.#stream = stream
    this.#handlers = handlers
    const reader = new CopyReader((record) => this.#onRecord(record))
    stream.bind({
      onData(bytes) {
        try {
          reader.take(bytes)
        } catch (error) {
          stream.reset('protocol', (error as Error).message)
        }
      },
      onEnd: () => stream.end(),
      onDrain() {},
      onClose: () => {
        for (const take of [...this.#answers.values()]) take(undefined)
        handlers.onClose(this)
      },
    })
  }

  /** Once: with its bytes, or without when there are none or `signal` is aborted first. */
  onAnswer(id: number, signal: AbortSignal, take: TakeAnswer): void {
    const once: TakeAnswer = (bytes) => {
      if (this.#answers.delete(id)) take(bytes)
    }
    this.#answers.set(id, once)
    signal.addEventListener('abort', () => once(undefined))
  }

  /** Nobody waits for it any more. */
  forget(id: number): void {
    this.#answers.delete(id)
  }

  /** Tells the agent that a copy is done with. */
  done(): void {
    this.#open--
    const said = Buffer.alloc(COPY_DONE_BYTES)
    said.writeUInt32BE(1)
    this.#stream.send(said)
  }

  close(): void {
    this.#stream.reset('cancel', 'the wiretap has ended')
  }

  #onRecord(record: CopyRecord): void {
    if (record.kind === 'answer') this.#answers.get(record.id)?.(record.bytes)
    else if (record.kind === 'noAnswer') this.#answers.get(record.id)?.(undefined)
    else if (++this.#open > COPIES_UNDER_WAY) this.#stream.reset('protocol', 'more copies are under way than may be')
    else this.#handlers.onRequest(this, record)
  }
}
