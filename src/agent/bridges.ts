/** Requests whose target speaks another HTTP than their client, counted by whom they go to. */
import type { BridgeCounts, Bridged, Route } from '../wire/messages/control.ts'
import type { Choice } from './routing.ts'

const NONE: Bridged = { http1: 0, http2: 0 }

export class Bridges {
  /** By attachment, and of the app by port. */
  readonly #counts = new Map<string, Bridged>()

  /** @param as what the target was asked in */
  count(port: number, choice: Choice, as: keyof Bridged): void {
    const key = choice.to === 'app' ? `app ${port}` : `laptop ${choice.intercept}`
    const counts = this.#counts.get(key) ?? { ...NONE }
    counts[as]++
    this.#counts.set(key, counts)
  }

  /** Of one attachment's laptop, and of the app on its ports since one of them was taken. */
  of({ intercept, ports }: Pick<Route, 'intercept' | 'ports'>): BridgeCounts {
    const app = { ...NONE }
    for (const port of ports) {
      const { http1, http2 } = this.#counts.get(`app ${port}`) ?? NONE
      app.http1 += http1
      app.http2 += http2
    }
    return { kind: 'bridged', intercept, laptop: { ...(this.#counts.get(`laptop ${intercept}`) ?? NONE) }, app }
  }

  /** Forgets what none of these is about. */
  keep(routes: readonly Pick<Route, 'intercept' | 'ports'>[]): void {
    const keys = new Set(
      routes.flatMap(({ intercept, ports }) => [`laptop ${intercept}`, ...ports.map((p) => `app ${p}`)]),
    )
    for (const key of this.#counts.keys()) if (!keys.has(key)) this.#counts.delete(key)
  }
}
