/** What the agents of all watches of one verification say. */
import type { Clock } from '../../lib/clock.ts'
import type { Beside, Seen } from '../../wire/messages/control.ts'
import type { Opening } from '../../wire/session/contract.ts'
import type { Taker } from '../attachment/taker.ts'

/** All that is kept: agents that tell more than they may cost no more than this. */
const MOST = 8192

const NOBODY: ReadonlySet<string> = new Set()

export interface Heard {
  podUid: string
  seen: Seen
  heardAt: number
}

export class Sightings implements Taker {
  readonly heard: Heard[] = []
  /** By pod uid, as its agent said last. */
  readonly beside: Map<string, Beside> = new Map()
  readonly #old = new Map<string, Set<string>>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  onSeen(podUid: string, news: Seen | Beside): void {
    if (news.kind === 'beside') {
      this.beside.set(podUid, news)
      const old = this.#old.get(podUid)
      this.#old.set(podUid, new Set([...(old ?? []), ...news.old]))
    } else if (this.heard.length < MOST) this.heard.push({ podUid, seen: news, heardAt: this.#clock.now() })
  }

  /** Addresses with connections to a pod that are not seen, now or at any time since `begin`. */
  old(podUid: string): ReadonlySet<string> {
    return this.#old.get(podUid) ?? NOBODY
  }

  /** The request is sent now. */
  begin(): void {
    for (const [podUid, { old }] of this.beside) this.#old.set(podUid, new Set(old))
  }

  onDeliver(opening: Opening): void {
    opening.refuse('ECONNREFUSED', 'a watch answers no requests')
  }

  onCopies(opening: Opening): void {
    opening.refuse('forbidden', 'this attachment is no wiretap')
  }

  onCounts(): void {}

  close(): void {}
}
