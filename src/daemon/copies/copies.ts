/** One wiretap at this laptop: copies come on streams of agents, the program gets as many at a time as there are places. */
import { Budget } from '../../lib/budget.ts'
import { ChurnSet } from '../../lib/churn.ts'
import type { Clock } from '../../lib/clock.ts'
import type { DifferenceEvent, WiretapCounts } from '../../lib/daemon-api.ts'
import type { Ignored } from '../../lib/diff/ignored.ts'
import type { Logger } from '../../lib/logger.ts'
import type { CopyCounts } from '../../wire/messages/control.ts'
import { COPIES_UNDER_WAY } from '../../wire/messages/copies.ts'
import type { Opening } from '../../wire/session/contract.ts'
import type { Program } from '../attachment/program.ts'
import type { Taker } from '../attachment/taker.ts'
import { ProgramAsker } from './ask-program.ts'
import { type CopiedRequest, Line } from './line.ts'
import { ENDED, serveCopy } from './one-copy.ts'
import { Tally } from './tally.ts'

/** Requests and answers of one wiretap that are held here. */
const HELD_BYTES = 32 * 1024 * 1024
/** A copy is given up then. */
const COPY_MS = 30_000

export interface CopiesOptions {
  program: Program
  clock: Clock
  logger: Logger
  /** What is left out of the comparison; undefined: answers are not compared. */
  ignored: Ignored | undefined
  /** Both answers of a copy are there, and say something else. @returns whether anybody hears of it */
  onDifference(event: DifferenceEvent): boolean
}

export class Copies implements Taker {
  readonly #options: CopiesOptions
  readonly #tally: Tally
  readonly #asker: ProgramAsker
  readonly #budget = new Budget(HELD_BYTES)
  readonly #lines = new Set<Line>()
  /** One for each copy that is under way. */
  readonly #limits = new ChurnSet<AbortController>()
  /** Whose copies were dropped for want of a place: they hear of it when one is free. */
  #owed: Line[] = []

  constructor(options: CopiesOptions) {
    this.#options = options
    this.#asker = new ProgramAsker(options.program)
    this.#tally = new Tally(options.ignored !== undefined)
  }

  get counts(): WiretapCounts {
    return this.#tally.counts
  }

  /** A wiretap answers nothing: who thinks so gives the request to the app. */
  onDeliver(opening: Opening): void {
    opening.refuse('ECONNREFUSED', 'a wiretap answers no requests')
  }

  onCounts(podUid: string, counts: CopyCounts): void {
    this.#tally.hear(podUid, counts)
  }

  onSeen(): void {}

  onCopies(opening: Opening): void {
    const line = new Line(opening.accept(), {
      onRequest: (from, request) => this.#take(from, request),
      onClose: (from) => {
        this.#lines.delete(from)
        this.#owed = this.#owed.filter((one) => one !== from)
      },
    })
    this.#lines.add(line)
  }

  close(): void {
    for (const line of this.#lines) line.close()
    for (const limit of this.#limits) limit.abort(ENDED)
    this.#asker.close()
  }

  #take(line: Line, request: CopiedRequest): void {
    const { length } = request.bytes
    if (this.#limits.size >= COPIES_UNDER_WAY || !this.#budget.take(length)) {
      this.#tally.busy++
      // With nothing under way no place will become free.
      if (this.#limits.size === 0) line.done()
      else this.#owed.push(line)
      return
    }
    const limit = new AbortController()
    const timer = this.#options.clock.after(COPY_MS, () => limit.abort())
    this.#limits.add(limit)
    void this.#serve(line, request, limit.signal).finally(() => {
      timer.cancel()
      this.#limits.delete(limit)
      this.#budget.give(length)
      line.done()
      this.#owed.shift()?.done()
    })
  }

  /** Never rejects. */
  async #serve(line: Line, request: CopiedRequest, signal: AbortSignal): Promise<void> {
    const { program, clock, logger, ignored, onDifference } = this.#options
    try {
      await serveCopy({
        line,
        request,
        program,
        asker: this.#asker,
        clock,
        ignored,
        budget: this.#budget,
        tally: this.#tally,
        signal,
        onDifference,
      })
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'copy not given to the program')
    }
  }
}
