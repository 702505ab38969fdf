/** Who asks one target: those whose streams are open there, and those who wait until there is room for one. */
import { ChurnMap, ChurnSet } from '../../lib/churn.ts'
import type { Asker, Loss } from './asker.ts'
import type { HopStream } from './hop-stream.ts'
import type { UpstreamHop } from './upstream-hop.ts'

/** Before a target says how many streams it takes: those beyond would be refused, and what is least recommended is this (RFC 9113 §6.5.2). */
const UNSAID_STREAMS = 100

export class Askers {
  readonly #target: UpstreamHop
  readonly #waiting = new ChurnSet<Asker>()
  readonly #asking = new ChurnMap<HopStream, Asker>()

  constructor(target: UpstreamHop) {
    this.#target = target
  }

  get haveStreams(): boolean {
    return this.#asking.size > 0
  }

  get areWaiting(): boolean {
    return this.#waiting.size > 0
  }

  get areNone(): boolean {
    return this.#asking.size === 0 && this.#waiting.size === 0
  }

  /** Gives room for a stream, now or later, or says that it was lost. */
  ask(asker: Asker): void {
    if (!this.#tryBegin(asker)) this.#waiting.add(asker)
  }

  /** It has its stream. */
  began(stream: HopStream, asker: Asker): void {
    this.#asking.set(stream, asker)
  }

  /** It wants nothing any more, and has no stream yet. */
  waitNoMore(asker: Asker): void {
    this.#waiting.delete(asker)
  }

  /** A stream is over: there is room for another, perhaps. */
  over(stream: HopStream): void {
    this.#asking.delete(stream)
    this.#beginWaiting()
  }

  /** The target has said what it takes. */
  heard(): void {
    for (const asker of this.#asking.values()) asker.heard(this.#target)
    this.#beginWaiting()
  }

  away(): void {
    for (const asker of [...this.#asking.values()]) asker.away()
  }

  /** The target takes no stream above `lastStream`: who waits, and whose stream is above, was not heard. */
  refused(lastStream: number): void {
    // Nobody begins here any more, whatever ends.
    const waiting = this.#takeWaiting()
    for (const [stream, asker] of [...this.#asking]) {
      if (stream.id <= lastStream) continue
      this.#target.hop.close(stream, 'peer')
      asker.lost(this.#target, { kind: 'unheard' })
    }
    for (const asker of waiting) asker.lost(this.#target, { kind: 'unheard' })
  }

  /** One stream is lost, and not by what its peer said of it. */
  lose(id: number, how: Loss): void {
    const stream = this.#target.hop.streams.get(id)
    const asker = stream && this.#asking.get(stream)
    if (stream === undefined || asker === undefined) return
    this.#target.hop.close(stream, 'peer')
    asker.lost(this.#target, how)
  }

  /** All go. @returns who they were */
  leave(): { waiting: Asker[]; asking: Asker[] } {
    const waiting = this.#takeWaiting()
    const asking = [...this.#asking.values()]
    this.#asking.clear()
    return { waiting, asking }
  }

  #takeWaiting(): Asker[] {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    return waiting
  }

  #beginWaiting(): void {
    // When all go meanwhile, this ends.
    for (const asker of this.#waiting) {
      if (this.#tryBegin(asker)) this.#waiting.delete(asker)
    }
  }

  /** @returns whether it waits no longer */
  #tryBegin(asker: Asker): boolean {
    const { hop } = this.#target
    if (!this.#hasRoom) return false
    if (hop.isUsedUp) asker.lost(this.#target, { kind: 'unheard' })
    else if (!asker.needsConnectProtocol || hop.peer.connectProtocol) asker.begin(this.#target)
    else if (hop.hasSettings) asker.lost(this.#target, { kind: 'unable' })
    else return false
    return true
  }

  get #hasRoom(): boolean {
    const { hasSettings, peer, streams } = this.#target.hop
    const most = hasSettings ? peer.maxConcurrentStreams : Math.min(peer.maxConcurrentStreams, UNSAID_STREAMS)
    return streams.size < most
  }
}
