/** A pair of joined links with a cable that delays, stalls, is cut and truncates. Time is the clock's. */
import type { Clock } from '../../src/lib/clock.ts'
import { SLAB_BYTES } from '../../src/lib/slab.ts'
import type { Link, LinkHandlers } from '../../src/wire/link/link.ts'
import { Lender } from './lender.ts'
import type { Random } from './random.ts'

/** More under way: `send` says so. */
const HIGH_BYTES = 64 * 1024

export class SimCable {
  readonly ends: [SimLink, SimLink]
  readonly clock: Clock
  readonly random: Random
  readonly delayMs: number
  #stalledUntil = 0

  constructor(clock: Clock, random: Random, delayMs: number) {
    this.clock = clock
    this.random = random
    this.delayMs = delayMs
    this.ends = [new SimLink('near', this), new SimLink('far', this)]
    this.ends[0].join(this.ends[1])
    this.ends[1].join(this.ends[0])
  }

  /** When what is sent now arrives. */
  arrival(): number {
    return Math.max(this.clock.now() + this.delayMs, this.#stalledUntil)
  }

  /** Nothing arrives for a while; nothing is lost. */
  stall(ms: number): void {
    this.#stalledUntil = this.clock.now() + ms
    for (const end of this.ends) end.postpone(this.#stalledUntil)
  }

  /** Both ends learn at once that it is gone; what is under way is lost from some byte on. */
  cut(): void {
    for (const end of this.ends) end.truncate()
    for (const end of this.ends) end.over(new Error('the cable was cut'))
  }

  /** Neither end learns that nothing arrives any more. */
  blackHole(): void {
    for (const end of this.ends) end.swallow()
  }

  /** Only one end learns that it is gone. */
  half(which: 0 | 1): void {
    this.ends[which].over(new Error('the connection was reset'))
    this.ends[which === 0 ? 1 : 0].swallow()
  }
}

class SimLink implements Link {
  readonly name: string
  readonly #cable: SimCable
  #far!: SimLink
  #handlers: LinkHandlers | undefined
  /** What comes to this end: bytes, or the end when there are none. */
  #coming: { at: number; bytes?: Buffer }[] = []
  #comingBytes = 0
  readonly #lender = new Lender()
  #paused = false
  #deaf = false
  #blocked = false
  #closed = false
  #told = false
  #why: { reason?: Error } | undefined

  constructor(name: string, cable: SimCable) {
    this.name = `sim ${name}`
    this.#cable = cable
  }

  join(far: SimLink): void {
    this.#far = far
  }

  bind(handlers: LinkHandlers): void {
    this.#handlers = handlers
    this.#deliver()
  }

  send(...pieces: Uint8Array[]): boolean {
    let takesMore = true
    for (const bytes of pieces) if (!this.#take(bytes)) takesMore = false
    return takesMore
  }

  #take(bytes: Uint8Array): boolean {
    if (this.#closed) return true
    const far = this.#far
    if (!far.#deaf && !far.#closed) {
      far.#coming.push({ at: this.#cable.arrival(), bytes: Buffer.from(bytes) })
      far.#wake()
    }
    far.#comingBytes += bytes.byteLength
    if (far.#comingBytes < HIGH_BYTES) return true
    this.#blocked = true
    return false
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliver()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#far.#coming.push({ at: this.#cable.arrival() })
    this.#far.#wake()
    this.over()
  }

  reset(reason: Error): void {
    if (this.#told) return
    this.#closed = true
    if (!this.#far.#deaf) {
      this.#far.truncate()
      this.#far.#coming.push({ at: this.#cable.arrival() })
      this.#far.#wake()
    }
    this.over(reason)
  }

  /** From some byte on, what is under way is lost. */
  truncate(): void {
    const { random } = this.#cable
    const kept = this.#coming.splice(0, random.int(0, this.#coming.length))
    const last = kept.at(-1)
    if (last?.bytes !== undefined) last.bytes = last.bytes.subarray(0, random.int(0, last.bytes.length))
    this.#coming = kept
    for (const one of this.#coming) this.#hand(one.bytes)
    this.#coming = []
  }

  /** As a socket does: what it read is lent. */
  #hand(bytes: Buffer = Buffer.alloc(0)): void {
    for (let at = 0; at < bytes.length; at += SLAB_BYTES) {
      this.#handlers?.onData(this.#lender.lend(bytes.subarray(at, at + SLAB_BYTES)))
    }
  }

  postpone(until: number): void {
    for (const one of this.#coming) one.at = Math.max(one.at, until)
  }

  swallow(): void {
    this.#deaf = true
    this.#coming = []
  }

  /** This end learns that the link is gone. */
  over(reason?: Error): void {
    this.#closed = true
    this.#why ??= reason === undefined ? {} : { reason }
    this.#coming = []
    process.nextTick(() => this.#tell())
  }

  #tell(): void {
    if (this.#told || this.#handlers === undefined || this.#why === undefined) return
    this.#told = true
    this.#handlers.onClose(this.#why.reason)
  }

  #wake(): void {
    const first = this.#coming[0]
    if (first !== undefined)
      this.#cable.clock.after(Math.max(0, first.at - this.#cable.clock.now()), () => this.#deliver())
  }

  #deliver(): void {
    while (this.#handlers !== undefined && !this.#paused && !this.#told) {
      const first = this.#coming[0]
      if (first === undefined) break
      if (first.at > this.#cable.clock.now()) {
        this.#wake()
        return
      }
      this.#coming.shift()
      if (first.bytes === undefined) {
        this.over()
        return
      }
      this.#comingBytes -= first.bytes.length
      this.#hand(first.bytes)
    }
    if (this.#handlers !== undefined) this.#tell()
    const far = this.#far
    if (!far.#blocked || this.#comingBytes >= HIGH_BYTES / 2) return
    far.#blocked = false
    process.nextTick(() => {
      if (!far.#told) far.#handlers?.onDrain()
    })
  }
}
