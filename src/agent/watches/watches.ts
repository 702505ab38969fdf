/** All watches of this pod. */
import type { Clock } from '../../lib/clock.ts'
import type { Route } from '../../wire/messages/control.ts'
import type { Laptop } from '../laptops.ts'
import type { Watcher } from '../routing.ts'
import { Watch } from './watch.ts'

export interface WatchesOptions {
  clock: Clock
  /** The laptop that holds an attachment, if it is connected now. */
  serving(session: string, intercept: string): Laptop | undefined
}

/** The pod's ports, as far as watches want to know. */
export interface WatchedPorts {
  readonly taken: ReadonlySet<number>
  /** Addresses with connections to taken ports that were not taken over. */
  bypassing(): ReadonlySet<string>
}

export class Watches {
  readonly #options: WatchesOptions
  /** By the Intercept's uid. */
  readonly #watches = new Map<string, { watch: Watch; route: Route }>()

  constructor(options: WatchesOptions) {
    this.#options = options
  }

  /** For one port of a watch. */
  watcher(route: Route, port: number): Watcher {
    const watch = this.#watchOf(route)
    watch.set(route)
    return {
      see: (request) => watch.see(port, request),
      unread: () => watch.unread(),
      closed: (from) => watch.closed(from),
    }
  }

  /** Forgets those that are none of the routes of now. */
  refresh(routes: Route[]): void {
    for (const intercept of this.#watches.keys()) {
      if (!routes.some((route) => route.intercept === intercept)) this.#watches.delete(intercept)
    }
  }

  /** Says to laptops what has changed; called once a second. */
  tell(ports: WatchedPorts): void {
    let old: ReadonlySet<string> | undefined
    for (const { watch, route } of this.#watches.values()) {
      // Before a port is taken nothing is known of it.
      if (!route.ports.some((port) => ports.taken.has(port))) continue
      const laptop = this.#options.serving(route.session, route.intercept)
      if (laptop === undefined) continue
      old ??= ports.bypassing()
      const news = watch.news(old)
      if (news !== undefined) laptop.tell(news)
    }
  }

  #watchOf(route: Route): Watch {
    const { intercept, session } = route
    const known = this.#watches.get(intercept)
    if (known !== undefined) return known.watch
    const { clock, serving } = this.#options
    const watch = new Watch({
      intercept,
      clock,
      tell(seen) {
        const laptop = serving(session, intercept)
        laptop?.tell(seen)
        return laptop !== undefined
      },
    })
    this.#watches.set(intercept, { watch, route })
    return watch
  }
}
