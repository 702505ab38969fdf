/** The link that stays: it goes on over one link after the other, from the byte where the far end left off. */
import type { Clock, Timer } from '../../lib/clock.ts'
import { giveBack } from '../../lib/slab.ts'
import { asBuffer } from '../link/as-buffer.ts'
import type { Link, LinkHandlers } from '../link/link.ts'
import { Leg } from './leg.ts'
import { RECORD, readU64, u64 } from './record.ts'
import type { RecordLink } from './record-link.ts'
import { ResendBuffer } from './resend-buffer.ts'
import { type LinkRefused, readRefusal } from './start.ts'

/** Bytes that are kept until the far end has them; more has to wait. Fills 1 Gbit/s at 60 ms. */
export const MAX_UNACKED_BYTES = 8 * 1024 * 1024
/** Bytes that wait to be sent while there is no link. */
const MAX_UNSENT_BYTES = 128 * 1024
const MAX_REASON_BYTES = 1024
/** So long it tries to bring everything to the far end before it closes. */
const CLOSE_MS = 30_000
/** So long a server leaves the link before to the client, who ends it once it has heard that the next one is in use. */
const LEAVE_MS = 3000

export interface DurableOptions {
  name: string
  clock: Clock
  /** How long it waits for the next link; 0: it ends with its link. */
  graceMs: number
  /** The link under it is gone; the next one is looked for. */
  onLost?(reason: Error): void
  /** The next link goes on with it. */
  onBack?(): void
  onRoundTrip?(ms: number): void
  /** Client: the far end knows it now. */
  onAccept?(): void
  /** It is over for good. */
  onOver?(): void
}

export class DurableLink implements Link {
  readonly name: string
  readonly #options: DurableOptions
  readonly #resend = new ResendBuffer()
  #handlers: LinkHandlers | undefined
  #early: Buffer[] = []
  /** The link that is in use. */
  #leg: Leg | undefined
  #received = 0
  #paused = false
  #blocked = false
  #closing = false
  #over: { reason?: Error; told: boolean } | undefined
  #grace: Timer | undefined
  #lostWhy: Error | undefined
  #heardAt: number

  constructor(options: DurableOptions) {
    this.name = options.name
    this.#options = options
    this.#heardAt = options.clock.now()
  }

  /** Offset of the next byte that this end wants. */
  get received(): number {
    return this.#received
  }

  get runBytes(): number {
    return Math.floor(this.#queue / 2)
  }

  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** A link is in use. */
  get isLinked(): boolean {
    return this.#leg !== undefined
  }

  get heardAt(): number {
    return this.#heardAt
  }

  /** Bytes that are kept until the far end has them. */
  get keptBytes(): number {
    return this.#resend.unacknowledgedBytes
  }

  bind(handlers: LinkHandlers): void {
    this.#handlers = handlers
    const early = this.#early
    this.#early = []
    for (const bytes of early) handlers.onData(bytes)
    this.#tell()
  }

  send(...pieces: Uint8Array[]): boolean {
    if (this.#over !== undefined || this.#closing) return true
    for (const bytes of pieces) this.#resend.push(asBuffer(bytes))
    this.#flush()
    this.#blocked ||= this.#isFull()
    return !this.#blocked
  }

  pause(): void {
    this.#paused = true
    this.#leg?.link.pause()
  }

  resume(): void {
    this.#paused = false
    this.#leg?.link.resume()
  }

  /** Without a link there is nobody to tell: then it is over at once. */
  close(): void {
    if (this.#over !== undefined || this.#closing) return
    this.#closing = true
    if (this.#leg === undefined) this.#end()
    else this.#flush()
    this.#options.clock.after(CLOSE_MS, () =>
      this.#end(new Error('the far end did not take what was sent before the end')),
    )
  }

  reset(reason: Error): void {
    if (this.#over !== undefined) return
    this.#leg?.link.send(RECORD.RESET, Buffer.from(reason.message).subarray(0, MAX_REASON_BYTES))
    this.#leg?.link.close()
    this.#end(reason)
  }

  /**
   * Goes on over `link`, which has been started. The link that was in use is dropped, or left to the far end to drop.
   * @param theirs offset of the next byte that the far end wants
   */
  attach(link: RecordLink, theirs: number, before: 'drop' | 'leave' = 'drop'): void {
    if (this.#over !== undefined || !this.#acknowledge(theirs)) {
      link.drop(new Error(`${this.name} cannot go on with this link`))
      return
    }
    const wasLost = this.#grace !== undefined
    if (before === 'leave') this.#leave()
    this.#detach(new Error('another link took over'))
    this.#grace?.cancel()
    this.#grace = undefined
    // What was acknowledged on the link before, after these words were said, is not wanted any more.
    this.#resend.rewind(Math.max(theirs, this.#resend.acknowledged))
    const { clock } = this.#options
    const leg = new Leg({
      link,
      clock,
      resend: this.#resend,
      received: () => this.#received,
      onDead: (reason) => this.#lose(link, reason),
    })
    this.#leg = leg
    link.listen({
      onHeard: () => {
        this.#heardAt = clock.now()
        leg.heard()
      },
      onRecord: (type, payload) => this.#onRecord(link, type, payload),
      onData: (offset, bytes) => this.#onData(offset, bytes),
      onDrain: () => {
        leg.answer()
        this.#flush()
      },
      onClose: (reason) => this.#lose(link, reason ?? new Error(`${link.name} was closed`)),
    })
    if (this.#leg !== leg) return
    if (this.#paused) link.pause()
    if (wasLost) this.#options.onBack?.()
    this.#flush()
  }

  /** The far end wants bytes from `theirs` on, as it says at any time. Ends everything when that cannot be. */
  acknowledged(theirs: number): void {
    if (this.#acknowledge(theirs)) this.#flush()
  }

  /** Finds out soon whether the link still lives: the network has changed. */
  probe(limitMs: number): void {
    this.#leg?.probe(limitMs)
  }

  /** It cannot go on: the far end does not know it, or nobody looks for a link any more. */
  giveUp(reason: Error): void {
    this.#end(reason)
  }

  #isFull(): boolean {
    return this.#resend.unacknowledgedBytes >= MAX_UNACKED_BYTES || this.#resend.unsentBytes >= this.#queue
  }

  get #queue(): number {
    return this.#leg?.queue ?? MAX_UNSENT_BYTES
  }

  #flush(): void {
    this.#leg?.pour()
    this.#unblock()
    const link = this.#leg?.link
    if (!this.#closing || link === undefined || this.#resend.unsentBytes > 0) return
    link.send(RECORD.CLOSE, u64(this.#resend.end))
    link.close()
    this.#end()
  }

  #unblock(): void {
    if (!this.#blocked || this.#over !== undefined) return
    if (this.#resend.unsentBytes > this.#queue / 2) return
    if (this.#resend.unacknowledgedBytes > MAX_UNACKED_BYTES / 2) return
    this.#blocked = false
    process.nextTick(() => this.#handlers?.onDrain())
  }

  #acknowledge(offset: number): boolean {
    const written = this.#resend.sent - (this.#leg?.link.unwrittenBytes ?? 0)
    if (this.#resend.acknowledge(offset, written)) return true
    this.#end(new Error(`protocol error on ${this.name}: bytes were acknowledged that were never sent`))
    return false
  }

  #onRecord(link: RecordLink, type: number, payload: Buffer): void {
    switch (type) {
      case RECORD.ACCEPT:
        this.#options.onAccept?.()
        this.acknowledged(readU64(payload))
        break
      case RECORD.ACK:
        this.acknowledged(readU64(payload))
        break
      case RECORD.PING:
        this.acknowledged(readU64(payload, 4))
        this.#leg?.asked(payload.subarray(0, 4))
        break
      case RECORD.PONG:
        this.#onPong(payload)
        break
      case RECORD.CLOSE:
        if (readU64(payload) !== this.#received) {
          this.#lose(link, new Error(`protocol error on ${this.name}: it was closed before its end`))
          break
        }
        link.close()
        this.#end()
        break
      case RECORD.RESET:
        link.close()
        this.#end(new Error(payload.toString() || 'the far end gave up'))
        break
      case RECORD.REFUSE:
        this.#onRefused(link, readRefusal(payload))
        break
      default:
        // A record type of a later version: what it says is not needed to go on.
        break
    }
  }

  #onPong(payload: Buffer): void {
    if (!this.#acknowledge(readU64(payload, 4))) return
    const roundTripMs = this.#leg?.answered(payload.readUInt32BE(0))
    if (roundTripMs !== undefined) this.#options.onRoundTrip?.(roundTripMs)
    this.#flush()
  }

  /** Only a link that is too late may be followed by another one. */
  #onRefused(link: RecordLink, refused: LinkRefused): void {
    if (refused.refusal === 'stale') {
      this.#lose(link, refused)
      return
    }
    link.close()
    this.#end(refused)
  }

  #onData(offset: number, bytes: Buffer): void {
    if (this.#over !== undefined) return
    // What comes again is cut off; a gap cannot be on an ordered link.
    if (offset > this.#received) {
      this.#end(new Error(`protocol error on ${this.name}: bytes are missing`))
      return
    }
    const stale = Math.min(this.#received - offset, bytes.length)
    const fresh = bytes.subarray(stale)
    giveBack(bytes.subarray(0, stale))
    if (fresh.length === 0) return
    this.#received += fresh.length
    if (this.#handlers === undefined) this.#early.push(fresh)
    else this.#handlers.onData(fresh)
    this.#leg?.acknowledge()
  }

  #lose(link: RecordLink, reason: Error): void {
    if (this.#leg?.link !== link || this.#over !== undefined) return
    this.#detach(reason)
    const { clock, graceMs, onLost } = this.#options
    if (graceMs === 0 || this.#closing) {
      this.#end(reason)
      return
    }
    this.#lostWhy = reason
    const late = (): void =>
      this.#end(new Error(`no link for ${Math.round(graceMs / 1000)} s; the last one: ${this.#lostWhy?.message}`))
    this.#grace = clock.after(graceMs, late)
    onLost?.(reason)
  }

  #leave(): void {
    const link = this.#leg?.link
    // One that refers to bytes still does not get them out.
    if (link === undefined || link.unwrittenBytes > 0) return
    this.#release()?.deafen()
    this.#options.clock.after(LEAVE_MS, () => link.drop(new Error('another link took over')))
  }

  #detach(reason: Error): void {
    this.#release()?.drop(reason)
  }

  /** No link is in use from here on. @returns the one that was */
  #release(): RecordLink | undefined {
    const leg = this.#leg
    this.#leg = undefined
    leg?.stop()
    return leg?.link
  }

  #end(reason?: Error): void {
    if (this.#over !== undefined) return
    this.#over = reason === undefined ? { told: false } : { reason, told: false }
    const link = this.#release()
    this.#grace?.cancel()
    this.#resend.clear()
    // Its last record is on its way; what else comes means nothing.
    link?.deafen()
    if (reason !== undefined) link?.close()
    this.#options.onOver?.()
    process.nextTick(() => this.#tell())
  }

  #tell(): void {
    if (this.#over === undefined || this.#over.told || this.#handlers === undefined) return
    this.#over.told = true
    this.#handlers.onClose(this.#over.reason)
  }
}
