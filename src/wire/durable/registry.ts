/** The server's side: to which session a new link belongs. */
import type { Clock } from '../../lib/clock.ts'
import type { Link } from '../link/link.ts'
import { DurableLink, type DurableOptions } from './durable-link.ts'
import { RECORD } from './record.ts'
import { RecordLink } from './record-link.ts'
import { accept, firstRecord, LinkRefused, type Refusal, readStart, type Start, sendRefusal } from './start.ts'

/** Sessions that one far end may have at once. */
const MAX_EACH = 64
const START_LIMIT_MS = 10_000

export interface AcceptOptions {
  /** Whose link it is, as was proved: a session goes on only with links of who began it. */
  owner: string
  clock: Clock
  signal?: AbortSignal
  /** Of a session that begins with this link; the client says the grace time, `maxGraceMs` bounds it. */
  durable: Omit<DurableOptions, 'name' | 'clock' | 'onOver' | 'graceMs'>
  maxGraceMs: number
}

export class Registry {
  /** By owner, then by the session's id. */
  readonly #sessions = new Map<string, Map<string, { durable: DurableLink; attempt: number }>>()

  /** Sessions that are not over. */
  get size(): number {
    return [...this.#sessions.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /**
   * Hears for which session the link is.
   * @returns the durable link of a session that began; undefined when the link went to one that was there
   * Rejects when the link ends before, or was refused.
   */
  async accept(link: Link, options: AcceptOptions): Promise<DurableLink | undefined> {
    const { clock, signal } = options
    const records = new RecordLink(link)
    const limit = { limitMs: START_LIMIT_MS, clock, ...(signal !== undefined && { signal }) }
    const { type, payload } = await firstRecord(records, limit)
    const start = type === RECORD.START ? readStart(payload) : undefined
    if (start === undefined) {
      const reason = new Error(`protocol error on ${link.name}: it did not begin as it should`)
      records.drop(reason)
      throw reason
    }
    const answer = this.#answer(records, start, options)
    if (typeof answer !== 'string') return answer
    records.deafen()
    sendRefusal(records, answer)
    throw new LinkRefused(answer)
  }

  #answer(records: RecordLink, start: Start, options: AcceptOptions): DurableLink | undefined | Refusal {
    const { owner, clock } = options
    const id = start.id.toString('hex')
    const theirs = this.#sessions.get(owner) ?? new Map<string, { durable: DurableLink; attempt: number }>()
    const known = theirs.get(id)
    if (known !== undefined) {
      if (start.attempt <= known.attempt) return 'stale'
      known.attempt = start.attempt
      accept(records, known.durable.received)
      known.durable.attach(records, start.received, 'leave')
      return undefined
    }
    if (!start.fresh) return 'unknown'
    if (theirs.size >= MAX_EACH) return 'limit'
    const forget = (): void => {
      theirs.delete(id)
      if (theirs.size === 0) this.#sessions.delete(owner)
    }
    const graceMs = Math.min(start.graceMs, options.maxGraceMs)
    const durable = new DurableLink({ ...options.durable, graceMs, name: records.name, clock, onOver: forget })
    this.#sessions.set(owner, theirs.set(id, { durable, attempt: start.attempt }))
    accept(records, 0)
    durable.attach(records, start.received)
    return durable
  }
}
