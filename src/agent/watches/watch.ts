/** One watch of this pod: which requests its laptop is told of. Nothing of them is kept. */
import { Bucket } from '../../lib/bucket.ts'
import type { Clock } from '../../lib/clock.ts'
import type { FilterRequest } from '../../lib/filter/request.ts'
import { carriersOf } from '../../lib/mark.ts'
import type { Beside, Route, Seen, WatchedFor } from '../../wire/messages/control.ts'

/** Requests that are told of, of one watch: those that are its own, and those that only come from somebody it names. */
export const MOST = { own: 256, others: 1024, othersPerSecond: 100 } as const
const MAX_PATH = 512
const MAX_METHOD = 32
/** `traceparent` is `version-trace id-parent id-flags` (W3C Trace Context §3.2.2). */
const TRACE = { from: 3, to: 35 } as const
const NOTHING: WatchedFor = { mark: '', trace: '', from: [] }

export interface WatchOptions {
  intercept: string
  clock: Clock
  /** @returns whether the laptop hears of it */
  tell(seen: Seen): boolean
}

export class Watch {
  readonly #options: WatchOptions
  readonly #bucket: Bucket
  /** A request may be decided about twice. */
  readonly #known = new WeakSet<FilterRequest>()
  #for: WatchedFor = NOTHING
  #from: ReadonlySet<string> = new Set()
  #own = 0
  #fromThem = 0
  #others = 0
  #unread = 0
  readonly #closed = new Set<string>()
  #closedOthers = 0
  #untold = 0
  #said = ''

  constructor(options: WatchOptions) {
    this.#options = options
    this.#bucket = new Bucket(MOST.othersPerSecond, options.clock)
  }

  /** What it is about from now on. */
  set({ watch = NOTHING }: Route): void {
    this.#for = watch
    this.#from = new Set(watch.from)
  }

  see(port: number, request: FilterRequest): void {
    if (this.#known.has(request)) return
    this.#known.add(request)
    const { mark, trace } = this.#for
    const marks = carriersOf(request, mark)
    const isTraced = trace !== '' && request.header('traceparent').slice(TRACE.from, TRACE.to) === trace
    const isOwn = marks.length > 0 || isTraced
    if (!isOwn && !this.#from.has(request.source.ip)) {
      this.#others++
      return
    }
    const method = request.method.slice(0, MAX_METHOD)
    const path = request.path.slice(0, MAX_PATH)
    const about = { port, method, path, from: request.source.ip, marks, trace: isTraced }
    const { intercept, tell } = this.#options
    if (!this.#mayTell(isOwn) || !tell({ kind: 'seen', intercept, ...about })) this.#untold++
  }

  unread(): void {
    this.#unread++
  }

  /** TLS of a client into which nobody looks for this watch. */
  closed(from: string): void {
    // No more than addresses that are asked about.
    if (this.#from.has(from)) this.#closed.add(from)
    else this.#closedOthers++
  }

  /**
   * What else came, when it is other than last time.
   * @param bypassing who has a connection that nobody here reads
   */
  news(bypassing: ReadonlySet<string>): Beside | undefined {
    const { intercept } = this.#options
    const old = this.#for.from.filter((address) => bypassing.has(address))
    const beside: Beside = {
      kind: 'beside',
      intercept,
      others: this.#others,
      unread: this.#unread,
      untold: this.#untold,
      closed: [...this.#closed],
      closedOthers: this.#closedOthers,
      old,
      oldOthers: bypassing.size - old.length,
    }
    const text = JSON.stringify(beside)
    if (text === this.#said) return undefined
    this.#said = text
    return beside
  }

  #mayTell(isOwn: boolean): boolean {
    if (isOwn) return this.#own++ < MOST.own
    return this.#fromThem < MOST.others && this.#bucket.take() && this.#fromThem++ < MOST.others
  }
}
