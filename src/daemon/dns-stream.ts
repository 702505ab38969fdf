/** Many DNS questions over one stream: each gets an id of its own there, and its own back. */
import { ChurnMap } from '../lib/churn.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Session, Stream } from '../wire/session/contract.ts'

const ANSWER_MS = 5000
/** Questions that wait at one time; a program that asks more is told that the server fails. */
const MOST = 4096
const HEADER_BYTES = 12

interface Question {
  id: number
  resolve(answer: Buffer): void
  reject(error: Error): void
  timer: Timer
}

export class DnsStream {
  readonly #stream: Stream
  readonly #clock: Clock
  readonly #questions = new ChurnMap<number, Question>()
  #nextId = 0
  #rest: Buffer = Buffer.alloc(0)

  private constructor(stream: Stream, clock: Clock, onClose: () => void) {
    this.#stream = stream
    this.#clock = clock
    stream.bind({
      onData: (bytes) => this.#take(bytes),
      onEnd: () => stream.end(),
      onDrain() {},
      onClose: () => {
        onClose()
        for (const { reject, timer } of this.#questions.values()) {
          timer.cancel()
          reject(new Error('the resolver is gone'))
        }
        this.#questions.clear()
      },
    })
  }

  static async open(session: Session, clock: Clock, onClose: () => void): Promise<DnsStream> {
    const { stream } = await session.open({ service: 'dns' })
    return new DnsStream(stream, clock, onClose)
  }

  /** Rejects after 5 s. */
  ask(query: Buffer): Promise<Buffer> {
    if (query.length < HEADER_BYTES) return Promise.reject(new Error('not a DNS message'))
    if (this.#questions.size >= MOST) return Promise.reject(new Error('too many questions wait'))
    do this.#nextId = (this.#nextId + 1) & 0xffff
    while (this.#questions.has(this.#nextId))
    const own = this.#nextId
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    const timer = this.#clock.after(ANSWER_MS, () => {
      this.#questions.delete(own)
      reject(new Error('the resolver does not answer'))
    })
    this.#questions.set(own, { id: query.readUInt16BE(), resolve, reject, timer })
    const framed = Buffer.allocUnsafe(2 + query.length)
    framed.writeUInt16BE(query.length)
    query.copy(framed, 2)
    framed.writeUInt16BE(own, 2)
    this.#stream.send(framed)
    return promise
  }

  #take(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= 2 && this.#rest.length >= 2 + this.#rest.readUInt16BE()) {
      const end = 2 + this.#rest.readUInt16BE()
      const answer = Buffer.from(this.#rest.subarray(2, end))
      this.#rest = this.#rest.subarray(end)
      if (answer.length < HEADER_BYTES) continue
      const question = this.#questions.get(answer.readUInt16BE())
      if (question === undefined) continue
      this.#questions.delete(answer.readUInt16BE())
      question.timer.cancel()
      answer.writeUInt16BE(question.id)
      question.resolve(answer)
    }
  }
}
