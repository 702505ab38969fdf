/** One link while it is in use: sends what may be under way, asks and answers what has arrived, and finds out that it is dead. */
import type { Clock } from '../../lib/clock.ts'
import { Flight } from './flight.ts'
import { Heartbeat } from './heartbeat.ts'
import { MAX_RUN_BYTES, RECORD, u64 } from './record.ts'
import type { RecordLink } from './record-link.ts'
import type { ResendBuffer } from './resend-buffer.ts'

/** The far end is told at least this often what has arrived; mostly it asks before. */
const ACK_BYTES = 1024 * 1024

export interface LegOptions {
  link: RecordLink
  clock: Clock
  /** What is sent; stands where this link begins. */
  resend: ResendBuffer
  /** Offset of the next byte that this end wants. */
  received(): number
  onDead(reason: Error): void
}

export class Leg {
  readonly link: RecordLink
  readonly #options: LegOptions
  readonly #flight: Flight
  readonly #heartbeat: Heartbeat
  /** What the far end was told last. */
  #told: number
  /** The PING that is to be answered. */
  #asked: Buffer | undefined

  constructor(options: LegOptions) {
    const { link, clock, resend, received, onDead } = options
    this.link = link
    this.#options = options
    this.#told = received()
    this.#flight = new Flight(resend.sent, clock.now())
    this.#heartbeat = new Heartbeat({ clock, onDead, ping: (nonce) => this.#ping(nonce) })
  }

  /** Bytes that may wait to be sent. */
  get queue(): number {
    return this.#flight.queue
  }

  /** Something came. */
  heard(): void {
    this.#heartbeat.heard()
  }

  /** Finds out soon whether it still lives. */
  probe(limitMs: number): void {
    this.#heartbeat.probe(limitMs)
  }

  stop(): void {
    this.#heartbeat.stop()
  }

  /** Sends as much as may be sent now. */
  pour(): void {
    const { link, resend } = this.#options
    while (!link.isFull && resend.unsentBytes > 0) {
      const room = this.#flight.limit - resend.sent + resend.acknowledged
      if (room > 0) {
        const { offset, bytes, pieces } = resend.take(Math.min(room, MAX_RUN_BYTES))
        link.sendData(offset, bytes, pieces)
      }
      // The answer says that there is room again.
      if (this.#flight.isDue(resend.sent) || (room <= 0 && !this.#flight.isAsking)) this.#heartbeat.ping()
      if (room <= 0) break
    }
  }

  /** A PING came. Of those that cannot be answered now the last one is: its answer says what the others' would have said. */
  asked(nonce: Buffer): void {
    this.#asked = nonce
    this.answer()
  }

  /** Answers what was asked, if anything was, and the link takes it. */
  answer(): void {
    if (this.#asked === undefined || this.link.isFull) return
    this.link.send(RECORD.PONG, this.#asked, this.#tell())
    this.#asked = undefined
  }

  /** A PONG came. @returns the round trip in ms, or undefined when nothing like that was asked */
  answered(nonce: number): number | undefined {
    const { resend, clock } = this.#options
    return this.#flight.answered(nonce, resend.acknowledged, clock.now())
  }

  /** Data came: the far end is told when it was not for long. */
  acknowledge(): void {
    if (this.#options.received() - this.#told < ACK_BYTES || this.link.isFull) return
    this.link.send(RECORD.ACK, this.#tell())
  }

  #ping(nonce: number): void {
    const { resend, clock } = this.#options
    this.#flight.asked(nonce, { sent: resend.sent, arrived: resend.acknowledged, now: clock.now() })
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeUInt32BE(nonce)
    this.link.send(RECORD.PING, bytes, this.#tell())
  }

  #tell(): Buffer {
    this.#told = this.#options.received()
    return u64(this.#told)
  }
}
