/** Config and laptops → who answers a request, who gets a copy of it, and which ports must be taken for it. */

import type { Clock } from '../lib/clock.ts'
import { compileFilter, type Filter } from '../lib/filter/compile.ts'
import type { FilterNeeds, FilterRequest, FilterSource } from '../lib/filter/request.ts'
import { FilterTable } from '../lib/filter/table.ts'
import type { AgentConfig, Bridged, Probe, Route } from '../wire/messages/control.ts'
import type { Stream } from '../wire/session/contract.ts'
import { StreamRefused } from '../wire/session/refused.ts'
import { Bridges } from './bridges.ts'
import type { Laptop as LaptopSession } from './laptops.ts'
import { Led } from './led.ts'
import type { Choice, Copier, Decision, Laptop, RawConnection, RouteCounts, Routing, Watcher } from './routing.ts'
import type { ClientHello } from './tls/client-hello.ts'
import { helloRequest, mayHoldRequests } from './tls/hello-request.ts'

export interface RoutesOptions {
  clock: Clock
  /** The laptop that answers an attachment, if it is connected now. */
  serving(session: string, intercept: string): LaptopSession | undefined
  /** Who has an address. */
  source(ip: string): Promise<FilterSource>
  /** Makes the copies of a wiretap, for one of its ports. */
  copier(route: Route, port: number): Copier
  /** Follows what comes to one port of a watch. */
  watcher(route: Route, port: number): Watcher
}

interface Compiled {
  route: Route
  filter: Filter
}

/** One intercept on one port. */
class Served {
  readonly route: Route
  readonly #port: number
  readonly #led: Led
  #choice: { of: LaptopSession; made: Laptop } | undefined

  constructor(route: Route, port: number, led: Led) {
    this.route = route
    this.#port = port
    this.#led = led
  }

  /** Requests that go to it, made once for each session of its laptop. */
  choice(laptop: LaptopSession): Laptop {
    if (this.#choice?.of !== laptop)
      this.#choice = { of: laptop, made: choiceOf(this.route, this.#port, laptop, this.#led) }
    return this.#choice.made
  }
}

interface Wiretap {
  route: Route
  copier: Copier
}

/** One filter on one port, as TLS connections are asked. */
interface Asked {
  route: Route
  filter: Filter
  /** Undefined: a wiretap, or a watch. */
  served: Served | undefined
}

interface Watch {
  route: Route
  watcher: Watcher
}

/** What one port's requests are asked, in order. */
interface PortTables {
  intercepts: FilterTable<Served>
  wiretaps: FilterTable<Wiretap>
  /** All of them, the intercepts first. */
  asked: Asked[]
  watches: readonly Watch[]
  needs: FilterNeeds
}

const APP: Choice = { to: 'app' }
const NO_COPIERS: readonly Copier[] = []
const NO_WIRETAPS: readonly Wiretap[] = []
const TO_APP: Decision = { choice: APP, copiers: NO_COPIERS }
const NO_NEEDS: FilterNeeds = { body: false, source: false }

export class Routes implements Routing {
  readonly counts: RouteCounts = { app: 0, laptop: 0, refused: 0, unheard: 0, declined: 0, unread: 0 }
  readonly bridges = new Bridges()
  readonly source: RoutesOptions['source']
  readonly #options: RoutesOptions
  readonly #led: Led
  #config: AgentConfig | undefined
  #ports = new Map<number, PortTables>()
  /** By their ports and routes: a wiretap that stays as it is keeps its own through other configs. */
  #copiers = new Map<string, Copier>()
  /** By attachment and text: one that stays goes on counting, and keeps what it has learnt of its patterns. */
  #filters = new Map<string, Filter>()
  readonly #isActive = (route: Route): boolean => this.#laptopOf(route) !== undefined
  readonly #isServed = ({ route }: Served): boolean => this.#isActive(route)
  readonly #isTapped = ({ route }: Wiretap): boolean => this.#isActive(route)
  readonly #isServedInside = ({ route }: Served): boolean => route.tls !== undefined && this.#isActive(route)
  readonly #isTappedInside = ({ route }: Wiretap): boolean => route.tls !== undefined && this.#isActive(route)

  constructor(options: RoutesOptions) {
    this.#options = options
    this.#led = new Led(options.clock)
    this.source = options.source
  }

  /** The config that is in force. */
  get config(): AgentConfig | undefined {
    return this.#config
  }

  /**
   * Takes a config, whole or not at all. Rejects with the text when a filter does not compile; the old one stays then.
   * @returns false when it is not newer than what is in force
   */
  async apply(config: AgentConfig): Promise<boolean> {
    if (!this.isNewer(config)) return false
    const routes = await Promise.all(config.routes.map((route) => compiled(route, this.#filters.get(keyOf(route)))))
    if (!this.isNewer(config)) return false
    for (const intercept of lost(this.#config?.routes ?? [], config.routes)) this.#led.finish(intercept)
    this.#config = config
    this.bridges.keep(config.routes)
    this.#filters = new Map(routes.map(({ route, filter }) => [keyOf(route), filter]))
    const copiers = new Map<string, Copier>()
    const copierOf = (route: Route, port: number): Copier => {
      const key = `${port} ${JSON.stringify(route)}`
      const copier = this.#copiers.get(key) ?? this.#options.copier(route, port)
      copiers.set(key, copier)
      return copier
    }
    const ports = new Set(config.routes.flatMap((route) => route.ports))
    this.#ports = new Map([...ports].map((port) => [port, this.#tablesOf(port, routes, copierOf)]))
    this.#copiers = copiers
    return true
  }

  /** Requests that the filter of a route did not match because it took too long, or failed. */
  filterCounts(route: Route): Pick<Filter, 'exceeded' | 'failed'> {
    const { exceeded = 0, failed = 0 } = this.#filters.get(keyOf(route)) ?? {}
    return { exceeded, failed }
  }

  /** Whether a route in force has to see what is within TLS to know what it is about. */
  looksInside(route: Route): boolean {
    const asked = route.ports.flatMap((port) => this.#ports.get(port)?.asked ?? [])
    const found = asked.find((one) => one.route === route)
    return found !== undefined && looksInside(found)
  }

  /** Routes whose laptop is connected and serves them. */
  active(): Route[] {
    return (this.#config?.routes ?? []).filter(this.#isActive)
  }

  close(): void {
    this.#led.close()
  }

  wanted(port: number): boolean {
    return this.active().some(({ ports }) => ports.includes(port))
  }

  needs(port: number): FilterNeeds {
    return this.#ports.get(port)?.needs ?? NO_NEEDS
  }

  decide(port: number, request: FilterRequest, without?: ReadonlySet<string>): Decision {
    const tables = this.#isProbe(port, request) ? undefined : this.#ports.get(port)
    const inside = request.isSecure
    if (tables !== undefined && tables.watches.length > 0) {
      for (const { route, watcher } of tables.watches) {
        if (!this.#isActive(route)) continue
        if (!inside || route.tls !== undefined) watcher.see(request)
        // Ended for somebody else.
        else watcher.closed(request.source.ip)
      }
    }
    const served = tables?.intercepts.first(request, this.#usable(without, inside))
    const wiretaps = tables?.wiretaps.all(request, inside ? this.#isTappedInside : this.#isTapped) ?? NO_WIRETAPS
    const choice = this.#choice(served)
    if (wiretaps.length > 0) return { choice, copiers: wiretaps.map(({ copier }) => copier) }
    return choice === APP ? TO_APP : { choice, copiers: NO_COPIERS }
  }

  decideRaw(port: number, { without, secure, hello, from = '' }: RawConnection = {}): Choice {
    const tables = this.#ports.get(port)
    if (without === undefined) {
      const isClosed = hello !== undefined && mayHoldRequests(hello)
      for (const { watcher } of tables?.watches ?? []) {
        watcher.unread()
        if (isClosed) watcher.closed(from)
      }
    }
    const usable = this.#usable(without, secure !== undefined)
    const request = helloRequest(secure ?? hello)
    for (const { filter, served } of tables?.asked ?? []) {
      if (served === undefined || filter.looksInside || !usable(served) || !filter.matches(request)) continue
      // A program that speaks no TLS cannot be given TLS.
      if (hello === undefined || served.route.tls?.plaintext !== true) return this.#choice(served)
    }
    return this.#choice(undefined)
  }

  bridged(port: number, choice: Choice, as: keyof Bridged): void {
    this.bridges.count(port, choice, as)
  }

  #tablesOf(port: number, routes: Compiled[], copierOf: (route: Route, port: number) => Copier): PortTables {
    const watches = routes.filter(({ route }) => route.mode === 'watch' && route.ports.includes(port))
    return {
      ...tablesOf(port, routes, copierOf, this.#led),
      watches: watches.map(({ route }) => ({ route, watcher: this.#options.watcher(route, port) })),
    }
  }

  wantsInside(port: number, hello: ClientHello): readonly string[] | undefined {
    const asked = this.#ports.get(port)?.asked ?? []
    const request = helloRequest(hello)
    let wanted = false
    let taken = false
    for (const one of asked) {
      const { route, filter, served } = one
      if (!this.#isActive(route) || (!filter.looksInside && !filter.matches(request))) continue
      const may = route.tls !== undefined
      if (looksInside(one)) {
        // Whoever takes the whole connection leaves others nothing but copies.
        if (may && (served === undefined || !taken)) wanted = true
      } else if (!taken) {
        // Who may not look into TLS would lose what he takes now.
        if (!may && !wanted) return undefined
        taken = true
      }
    }
    return wanted ? [...new Set(asked.flatMap(({ route }) => route.tls?.files ?? []))] : undefined
  }

  /** @param inside only for those who may see what is within TLS */
  #usable(without: ReadonlySet<string> | undefined, inside: boolean): (served: Served) => boolean {
    if (without === undefined) return inside ? this.#isServedInside : this.#isServed
    return (served) => {
      if (inside && served.route.tls === undefined) return false
      const laptop = this.#laptopOf(served.route)
      return laptop !== undefined && !without.has(served.choice(laptop).key)
    }
  }

  #choice(served: Served | undefined): Choice {
    const laptop = served === undefined ? undefined : this.#laptopOf(served.route)
    if (served === undefined || laptop === undefined) {
      this.counts.app++
      return APP
    }
    this.counts.laptop++
    return served.choice(laptop)
  }

  #laptopOf({ session, intercept }: Route): LaptopSession | undefined {
    return this.#options.serving(session, intercept)
  }

  /** The kubelet names itself, and asks what the pod's own spec says. */
  #isProbe(port: number, request: FilterRequest): boolean {
    const probes: Probe[] = this.#config?.probes ?? []
    if (probes.length === 0 || !request.header('user-agent').startsWith('kube-probe/')) return false
    return probes.some(
      (probe) => probe.port === port && (probe.path === undefined || pathOf(probe.path) === request.path),
    )
  }

  /** Whether a config comes after the one in force. */
  isNewer({ epoch, generation }: AgentConfig): boolean {
    const now = this.#config
    if (now === undefined) return true
    return epoch > now.epoch || (epoch === now.epoch && generation > now.generation)
  }
}

/** Attachments of which what is under way must end: they are no more, or may not look into TLS any more. */
function lost(before: readonly Route[], now: readonly Route[]): string[] {
  const after = new Map(now.map((route) => [route.intercept, route]))
  return before
    .filter(({ intercept, tls }) => {
      const route = after.get(intercept)
      return route === undefined || (tls !== undefined && route.tls === undefined)
    })
    .map(({ intercept }) => intercept)
}

function keyOf({ intercept, filter }: Route): string {
  return `${intercept} ${filter}`
}

/** Copies are made of requests; a program that speaks no TLS cannot be given connections as they are. */
function looksInside({ route, filter, served }: Asked): boolean {
  return served === undefined || filter.looksInside || route.tls?.plaintext === true
}

/** @param known its filter, if it was compiled before */
async function compiled(route: Route, known: Filter | undefined): Promise<Compiled> {
  try {
    return { route, filter: known ?? (await compileFilter(route.filter)) }
  } catch (error) {
    throw new Error(`the filter of ${route.name} is not valid: ${(error as Error).message}`)
  }
}

function choiceOf({ intercept, ifDown = 'app' }: Route, port: number, laptop: LaptopSession, led: Led): Laptop {
  return {
    to: 'laptop',
    // A daemon that came back has a session of its own: streams of the old one are not used again.
    key: `${intercept} ${laptop.session.peer.publicKey}`,
    intercept,
    ifDown,
    watch: (watcher) => laptop.watch(intercept, watcher),
    async open(data, from, signal, secure) {
      const header = { service: 'deliver', intercept, port, from, ...(secure && { tls: secure }) } as const
      let stream: Stream | undefined
      let isOver = false
      const onOver = (): void => {
        isOver = true
        if (stream !== undefined) led.remove(intercept, stream)
      }
      try {
        stream = (await laptop.session.open(header, { data, signal, onOver })).stream
        if (!isOver) led.add(intercept, stream)
        return stream
      } catch (error) {
        if (error instanceof StreamRefused || !laptop.left.has(intercept)) throw error
        throw new StreamRefused('ended', 'this attachment has ended')
      }
    },
  }
}

function tablesOf(
  port: number,
  routes: Compiled[],
  copierOf: (route: Route, port: number) => Copier,
  led: Led,
): Omit<PortTables, 'watches'> {
  const here = routes.filter(({ route }) => route.ports.includes(port))
  const of = (mode: Route['mode']): Compiled[] => here.filter(({ route }) => route.mode === mode)
  const served = of('intercept').map(({ route, filter }) => ({ filter, value: new Served(route, port, led) }))
  const intercepts = new FilterTable(served)
  const wiretaps = new FilterTable(
    of('wiretap').map(({ route, filter }) => ({ filter, value: { route, copier: copierOf(route, port) } })),
  )
  const asked = [
    ...served.map(({ filter, value }) => ({ route: value.route, filter, served: value })),
    ...[...of('wiretap'), ...of('watch')].map(({ route, filter }) => ({ route, filter, served: undefined })),
  ]
  const needs = {
    body: intercepts.needs.body || wiretaps.needs.body,
    source: intercepts.needs.source || wiretaps.needs.source,
  }
  return { intercepts, wiretaps, asked, needs }
}

function pathOf(path: string): string {
  const plain = path.split('?', 1)[0] ?? ''
  return plain.startsWith('/') ? plain : `/${plain}`
}
