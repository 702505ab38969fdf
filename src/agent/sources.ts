/** Which pods send requests: managers are asked once for each address and what they say is kept a while, for a pod's address may be another's later. */
import type { Clock } from '../lib/clock.ts'
import type { FilterSource } from '../lib/filter/request.ts'
import type { Found } from '../wire/messages/control.ts'

const WAIT_MS = 1000
/** A pod keeps its address for longer than that in nearly all cases; nobody's address may soon be somebody's. */
const KEPT_MS = { pod: 30_000, nobody: 5000 }
const MAX_KEPT = 10_000

export interface SourcesOptions {
  clock: Clock
  /** Asks all managers that are joined; `found` is told what they say. */
  ask(ip: string): void
}

export class Sources {
  readonly #options: SourcesOptions
  readonly #kept = new Map<string, { source: FilterSource; until: number }>()
  readonly #asked = new Map<string, { answer: Promise<FilterSource>; found(source: FilterSource): void }>()

  constructor(options: SourcesOptions) {
    this.#options = options
  }

  /** Both names are empty for nobody, and when no manager says it within a second. */
  async find(ip: string): Promise<FilterSource> {
    const { clock } = this.#options
    const kept = this.#kept.get(ip)
    if (kept !== undefined && kept.until > clock.now()) return kept.source
    return await (this.#asked.get(ip)?.answer ?? this.#ask(ip))
  }

  found({ ip, pod, namespace }: Pick<Found, 'ip' | 'pod' | 'namespace'>): void {
    const asked = this.#asked.get(ip)
    // What nobody asked for, or the second manager says.
    if (asked === undefined) return
    this.#asked.delete(ip)
    asked.found({ ip, pod, namespace })
  }

  #ask(ip: string): Promise<FilterSource> {
    const { clock, ask } = this.#options
    const { promise, resolve } = Promise.withResolvers<FilterSource>()
    const late = clock.after(WAIT_MS, () => this.found({ ip, pod: '', namespace: '' }))
    const found = (source: FilterSource): void => {
      late.cancel()
      this.#keep(source)
      resolve(source)
    }
    this.#asked.set(ip, { answer: promise, found })
    ask(ip)
    return promise
  }

  #keep(source: FilterSource): void {
    const now = this.#options.clock.now()
    for (const [ip, { until }] of this.#kept) {
      if (until > now && this.#kept.size < MAX_KEPT) break
      this.#kept.delete(ip)
    }
    this.#kept.delete(source.ip)
    this.#kept.set(source.ip, { source, until: now + (source.pod === '' ? KEPT_MS.nobody : KEPT_MS.pod) })
  }
}
