/** The client's side: begins a session on its first link and looks for the next one whenever that is needed. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { type Logger, silentLogger } from '../../lib/logger.ts'
import type { Link } from '../link/link.ts'
import { DurableLink, type DurableOptions } from './durable-link.ts'
import { RecordLink } from './record-link.ts'
import { firstRecord, LinkRefused, readAnswer, sendStart } from './start.ts'

const WAIT_MS = { first: 50, most: 1000 }
const ANSWER_MS = 3000
const CONNECT_MS = 10_000

export interface RedialOptions {
  clock: Clock
  logger?: Logger
  /** The next link, secured, with the same far end at its other end. */
  connect(signal: AbortSignal): Promise<Link>
  durable: Omit<DurableOptions, 'name' | 'clock' | 'onLost' | 'onAccept' | 'onOver'> & Pick<DurableOptions, 'onLost'>
}

/** The far end that the session was with is not there any more: no link can lead to it. */
export class FarEndGone extends Error {}

/** Begins a session on `first`, without waiting for the far end. */
export class Redial {
  readonly link: DurableLink
  readonly #options: RedialOptions
  readonly #id = randomBytes(16)
  readonly #stop = new AbortController()
  #attempt = 0
  #accepted = false
  #looking = false

  constructor(first: Link, options: RedialOptions) {
    const { clock, durable } = options
    this.#options = options
    this.link = new DurableLink({
      ...durable,
      name: first.name,
      clock,
      onLost: (reason) => {
        durable.onLost?.(reason)
        void this.#look()
      },
      onAccept: () => {
        this.#accepted = true
      },
      onOver: () => this.#stop.abort(new Error('the session is over')),
    })
    const records = new RecordLink(first)
    this.#start(records)
    this.link.attach(records, 0)
  }

  /** A better link may be had, or this one is doubted: the session goes over to the next one without a break. */
  async renew(): Promise<void> {
    await this.#look()
  }

  #start(records: RecordLink): void {
    this.#attempt++
    const { received } = this.link
    const { graceMs } = this.#options.durable
    sendStart(records, { id: this.#id, attempt: this.#attempt, received, fresh: !this.#accepted, graceMs })
  }

  /** Until a link was taken or the session is over. One search at a time. */
  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    const { signal } = this.#stop
    const { logger = silentLogger } = this.#options
    let wait = WAIT_MS.first
    while (!signal.aborted) {
      try {
        await this.#next(signal)
        break
      } catch (error) {
        const refused = error instanceof LinkRefused && error.refusal !== 'stale'
        if (refused || error instanceof FarEndGone) {
          this.link.giveUp(error as Error)
          break
        }
        logger.debug({ session: this.link.name, error: (error as Error).message }, 'no next link')
      }
      await this.#pause(wait * (0.5 + Math.random() / 2), signal)
      wait = Math.min(wait * 2, WAIT_MS.most)
    }
    this.#looking = false
    // It may have been lost again before anybody could look.
    if (!signal.aborted && !this.link.isLinked) void this.#look()
  }

  async #next(signal: AbortSignal): Promise<void> {
    const { clock, connect } = this.#options
    const late = new AbortController()
    const timer = clock.after(CONNECT_MS, () => late.abort(new Error('no link within 10 s')))
    try {
      const records = new RecordLink(await connect(AbortSignal.any([signal, late.signal])))
      this.#start(records)
      const { type, payload } = await firstRecord(records, { limitMs: ANSWER_MS, signal, clock })
      const theirs = this.#answer(records, type, payload)
      this.#accepted = true
      this.link.attach(records, theirs)
    } finally {
      timer.cancel()
    }
  }

  #answer(records: RecordLink, type: number, payload: Buffer): number {
    try {
      return readAnswer(type, payload)
    } catch (error) {
      records.drop(error as Error)
      throw error
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#options.clock.after(ms, resolve)
    const end = (): void => resolve()
    signal.addEventListener('abort', end, { once: true })
    return promise.finally(() => {
      timer.cancel()
      signal.removeEventListener('abort', end)
    })
  }
}
