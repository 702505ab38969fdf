/** Config and laptops → who answers a request, who gets a copy of it, and which ports must be taken for it. */
import { compileFilter, type Filter } from '../lib/filter/compile.ts'
import type { FilterNeeds, FilterRequest, FilterSource } from '../lib/filter/request.ts'
import { FilterTable } from '../lib/filter/table.ts'
import type { AgentConfig, Probe, Route } from '../wire/messages/control.ts'
import { StreamRefused } from '../wire/session/refused.ts'
import type { Laptop as LaptopSession } from './laptops.ts'
import type { Choice, Copier, Decision, Laptop, RouteCounts, Routing } from './routing.ts'

export interface RoutesOptions {
  /** The laptop that answers an attachment, if it is connected now. */
  serving(session: string, intercept: string): LaptopSession | undefined
  /** Who has an address. */
  source(ip: string): Promise<FilterSource>
  /** Makes the copies of a wiretap, for one of its ports. */
  copier(route: Route, port: number): Copier
}

interface Compiled {
  route: Route
  filter: Filter
}

/** One intercept on one port. */
class Served {
  readonly route: Route
  readonly #port: number
  #choice: { of: LaptopSession; made: Laptop } | undefined

  constructor(route: Route, port: number) {
    this.route = route
    this.#port = port
  }

  /** Requests that go to it, made once for each session of its laptop. */
  choice(laptop: LaptopSession): Laptop {
    if (this.#choice?.of !== laptop) this.#choice = { of: laptop, made: choiceOf(this.route, this.#port, laptop) }
    return this.#choice.made
  }
}

interface Wiretap {
  route: Route
  copier: Copier
}

/** What one port's requests are asked, in order. */
interface PortTables {
  intercepts: FilterTable<Served>
  wiretaps: FilterTable<Wiretap>
  /** Those that take everything, connections that are not HTTP/1 too. */
  all: Served[]
  needs: FilterNeeds
}

const APP: Choice = { to: 'app' }
const NO_COPIERS: readonly Copier[] = []
const NO_WIRETAPS: readonly Wiretap[] = []
const TO_APP: Decision = { choice: APP, copiers: NO_COPIERS }
const NO_NEEDS: FilterNeeds = { body: false, source: false }

export class Routes implements Routing {
  readonly counts: RouteCounts = { app: 0, laptop: 0, refused: 0, unheard: 0, declined: 0, bridged: 0 }
  readonly source: RoutesOptions['source']
  readonly #options: RoutesOptions
  #config: AgentConfig | undefined
  #ports = new Map<number, PortTables>()
  /** By their ports and routes: a wiretap that stays as it is keeps its own through other configs. */
  #copiers = new Map<string, Copier>()
  /** By attachment and text: one that stays goes on counting, and keeps what it has learnt of its patterns. */
  #filters = new Map<string, Filter>()
  readonly #isActive = (route: Route): boolean => this.#laptopOf(route) !== undefined
  readonly #isServed = ({ route }: Served): boolean => this.#isActive(route)
  readonly #isTapped = ({ route }: Wiretap): boolean => this.#isActive(route)

  constructor(options: RoutesOptions) {
    this.#options = options
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
    this.#config = config
    this.#filters = new Map(routes.map(({ route, filter }) => [keyOf(route), filter]))
    const copiers = new Map<string, Copier>()
    const copierOf = (route: Route, port: number): Copier => {
      const key = `${port} ${JSON.stringify(route)}`
      const copier = this.#copiers.get(key) ?? this.#options.copier(route, port)
      copiers.set(key, copier)
      return copier
    }
    const ports = new Set(config.routes.flatMap((route) => route.ports))
    this.#ports = new Map([...ports].map((port) => [port, tablesOf(port, routes, copierOf)]))
    this.#copiers = copiers
    return true
  }

  /** Requests that the filter of a route did not match because it took too long, or failed. */
  filterCounts(route: Route): Pick<Filter, 'exceeded' | 'failed'> {
    const { exceeded = 0, failed = 0 } = this.#filters.get(keyOf(route)) ?? {}
    return { exceeded, failed }
  }

  /** Routes whose laptop is connected and serves them. */
  active(): Route[] {
    return (this.#config?.routes ?? []).filter(this.#isActive)
  }

  wanted(port: number): boolean {
    return this.active().some(({ ports }) => ports.includes(port))
  }

  needs(port: number): FilterNeeds {
    return this.#ports.get(port)?.needs ?? NO_NEEDS
  }

  decide(port: number, request: FilterRequest, without?: ReadonlySet<string>): Decision {
    const tables = this.#isProbe(port, request) ? undefined : this.#ports.get(port)
    const served = tables?.intercepts.first(request, this.#usable(without))
    const wiretaps = tables?.wiretaps.all(request, this.#isTapped) ?? NO_WIRETAPS
    const choice = this.#choice(served)
    if (wiretaps.length > 0) return { choice, copiers: wiretaps.map(({ copier }) => copier) }
    return choice === APP ? TO_APP : { choice, copiers: NO_COPIERS }
  }

  decideRaw(port: number, without?: ReadonlySet<string>): Choice {
    return this.#choice(this.#ports.get(port)?.all.find(this.#usable(without)))
  }

  #usable(without: ReadonlySet<string> | undefined): (served: Served) => boolean {
    if (without === undefined) return this.#isServed
    return (served) => {
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

function keyOf({ intercept, filter }: Route): string {
  return `${intercept} ${filter}`
}

/** @param known its filter, if it was compiled before */
async function compiled(route: Route, known: Filter | undefined): Promise<Compiled> {
  try {
    return { route, filter: known ?? (await compileFilter(route.filter)) }
  } catch (error) {
    throw new Error(`the filter of ${route.name} is not valid: ${(error as Error).message}`)
  }
}

function choiceOf({ intercept, ifDown = 'app' }: Route, port: number, laptop: LaptopSession): Laptop {
  return {
    to: 'laptop',
    // A daemon that came back has a session of its own: streams of the old one are not used again.
    key: `${intercept} ${laptop.session.peer.publicKey}`,
    ifDown,
    watch: (watcher) => laptop.watch(intercept, watcher),
    async open(data, from, signal) {
      const header = { service: 'deliver', intercept, port, from } as const
      try {
        return (await laptop.session.open(header, { data, signal })).stream
      } catch (error) {
        if (error instanceof StreamRefused || !laptop.left.has(intercept)) throw error
        throw new StreamRefused('ended', 'this attachment has ended')
      }
    },
  }
}

function tablesOf(port: number, routes: Compiled[], copierOf: (route: Route, port: number) => Copier): PortTables {
  const here = routes.filter(({ route }) => route.ports.includes(port))
  const of = (mode: Route['mode']): Compiled[] => here.filter(({ route }) => route.mode === mode)
  const served = of('intercept').map(({ route, filter }) => ({ filter, value: new Served(route, port) }))
  const intercepts = new FilterTable(served)
  const all = served.map(({ value }) => value).filter(({ route }) => route.filter === '')
  const wiretaps = new FilterTable(
    of('wiretap').map(({ route, filter }) => ({ filter, value: { route, copier: copierOf(route, port) } })),
  )
  const needs = {
    body: intercepts.needs.body || wiretaps.needs.body,
    source: intercepts.needs.source || wiretaps.needs.source,
  }
  return { intercepts, wiretaps, all, needs }
}

function pathOf(path: string): string {
  const plain = path.split('?', 1)[0] ?? ''
  return plain.startsWith('/') ? plain : `/${plain}`
}
