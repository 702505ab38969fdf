/**
 * How many bytes may be under way on one link: twice what the path holds (`gain.ts`), which is the rate at which they arrive times the round trip of an
 * empty path (the model of BBR, draft-ietf-ccwg-bbr §2). More would wait in buffers on the way, and whatever is urgent behind it.
 * The sender asks four times a flight what has arrived; each answer is a sample of both.
 */

import { ChurnMap } from '../../lib/churn.ts'
import { Gain, LEAST_GAIN } from './gain.ts'

const START_BYTES = 512 * 1024
const LEAST_BYTES = 32 * 1024
/** So long the far end may be late without the path running empty, as far as this many bytes go. */
const SLACK_MS = 8
const SLACK_BYTES = 4 * 1024 * 1024
/** What waits to be sent is less, but much where it is gone at once: long runs cost less. */
const MAX_QUEUE_BYTES = 512 * 1024
const ASKS = 4
/** The fastest of so many samples, those of six flights, is the path's rate. */
const RATES = 6 * ASKS
/** Round trips that are looked at together: more than it takes until the rate is what it is now and the path holds no more than it shall. */
const LATE = RATES + 2 * ASKS
/** The shortest round trip is measured anew after this time, with little under way. */
const ROUND_TRIP_MS = 30_000
/**
 * What is under way makes at most the gain's many of the shortest round trip. Where all of the last flights took longer, the path has become longer, or is never empty
 * (other traffic, a radio): then this much of what they took is held for its own, and measured soon.
 */
const LONGER = 0.5
const OWN_SHARE = 0.75
const SOON_MS = 2000
const SHORTEST_MS = 0.05

interface Ask {
  at: number
  /** What had arrived when it was asked. */
  arrived: number
  /** Much less was under way than may be: the path could have carried more. */
  idle: boolean
}

export class Flight {
  readonly #asks = new ChurnMap<number, Ask>()
  readonly #rates = new Float64Array(RATES)
  #rateCount = 0
  readonly #gain = new Gain()
  #limit = START_BYTES
  #queue = LEAST_BYTES
  /** Sent when it was asked last. */
  #askedAt = 0
  #roundTripMs = Number.POSITIVE_INFINITY
  /** The shortest of those of late, and how many these were. */
  #lateMs = Number.POSITIVE_INFINITY
  #lateCount = 0
  #measuredAt = 0
  /** Since when the shortest round trip is measured anew. */
  #probeFrom: number | undefined

  /** @param sent offset at which sending begins */
  constructor(sent: number, now: number) {
    this.#askedAt = sent
    this.#measuredAt = now
  }

  /** Bytes that may be under way. */
  get limit(): number {
    return this.#limit
  }

  /** Bytes that may wait to be sent; more has to wait where something urgent can overtake it. */
  get queue(): number {
    return this.#queue
  }

  /** It is time to ask. @param sent offset up to which bytes were sent */
  isDue(sent: number): boolean {
    return sent - this.#askedAt >= this.#limit / ASKS
  }

  /** An answer is under way. */
  get isAsking(): boolean {
    return this.#asks.size > 0
  }

  asked(nonce: number, { sent, arrived, now }: { sent: number; arrived: number; now: number }): void {
    this.#askedAt = sent
    this.#asks.set(nonce, { at: now, arrived, idle: sent - arrived < this.#limit / 2 })
  }

  /** @returns the round trip in ms, or undefined for an answer to nothing that was asked */
  answered(nonce: number, arrived: number, now: number): number | undefined {
    const ask = this.#asks.get(nonce)
    if (ask === undefined) return undefined
    // Answers come in order.
    for (const older of this.#asks.keys()) {
      if (older > nonce) break
      this.#asks.delete(older)
    }
    const ms = Math.max(SHORTEST_MS, now - ask.at)
    this.#roundTrip(ms, ask, now)
    const rate = (arrived - ask.arrived) / ms
    // What the path was not asked for says nothing about what it can.
    if (!ask.idle || rate > this.#fastest()) {
      this.#rates[this.#rateCount % RATES] = rate
      this.#rateCount++
      this.#gain.sample(rate)
      this.#reckon()
    }
    return ms
  }

  #roundTrip(ms: number, ask: Ask, now: number): void {
    const isEmpty = this.#probeFrom !== undefined && ask.at > this.#probeFrom + 2 * this.#roundTripMs
    if (ms <= this.#roundTripMs || isEmpty) {
      this.#roundTripMs = ms
      this.#measuredAt = now
      this.#probeFrom = undefined
    } else if (now - this.#measuredAt > ROUND_TRIP_MS) this.#probeFrom ??= now
    this.#lateMs = Math.min(this.#lateMs, ms)
    this.#lateCount++
    if (this.#lateCount < LATE) return
    if (this.#lateMs > (this.#gain.now + LONGER) * this.#roundTripMs) {
      this.#roundTripMs = OWN_SHARE * this.#lateMs
      this.#measuredAt = now - ROUND_TRIP_MS + SOON_MS
    }
    this.#lateMs = Number.POSITIVE_INFINITY
    this.#lateCount = 0
  }

  /** Bytes a ms. */
  #fastest(): number {
    let fastest = 0
    for (const rate of this.#rates) if (rate > fastest) fastest = rate
    return fastest
  }

  #reckon(): void {
    const rate = this.#fastest()
    const held = rate * this.#roundTripMs
    const slack = Math.min(SLACK_BYTES, rate * SLACK_MS)
    this.#queue = Math.floor(Math.max(LEAST_BYTES, Math.min(MAX_QUEUE_BYTES, rate * SLACK_MS)))
    const wanted = this.#probeFrom === undefined ? Math.max(this.#gain.now * held, slack) : held / LEAST_GAIN
    // The first answers come before there was anything to measure.
    this.#limit = Math.floor(Math.max(this.#rateCount < ASKS ? START_BYTES : LEAST_BYTES, wanted))
  }
}
