/** Config and laptops → who answers a request, and which ports must be taken for it. */
import { compileFilter, type Filter } from '../lib/filter/compile.ts'
import type { FilterRequest } from '../lib/filter/request.ts'
import type { AgentConfig, Probe, Route } from '../wire/messages/control.ts'
import type { Laptop as LaptopSession } from './laptops.ts'
import type { Choice, Routing } from './routing.ts'

interface CompiledRoute extends Route {
  matches: Filter
}

/** Where the laptops are found. */
interface LaptopSource {
  serving(session: string, intercept: string): LaptopSession | undefined
}

export class Routes implements Routing {
  readonly counts = { app: 0, laptop: 0, refused: 0 }
  readonly #laptops: LaptopSource
  #config: AgentConfig | undefined
  #routes: CompiledRoute[] = []

  constructor(laptops: LaptopSource) {
    this.#laptops = laptops
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
    const routes = await Promise.all(
      config.routes.map(async (route) => {
        try {
          return { ...route, matches: await compileFilter(route.filter) }
        } catch (error) {
          throw new Error(`the filter of ${route.name} is not valid: ${(error as Error).message}`)
        }
      }),
    )
    if (!this.isNewer(config)) return false
    this.#config = config
    this.#routes = routes
    return true
  }

  /** Routes whose laptop is connected and serves them. */
  active(): Route[] {
    return this.#routes.filter((route) => this.#laptopOf(route) !== undefined)
  }

  wanted(port: number): boolean {
    return this.#routes.some((route) => route.ports.includes(port) && this.#laptopOf(route) !== undefined)
  }

  decide(port: number, request: FilterRequest): Choice {
    return this.#choose(port, (route) => route.matches(request), this.#isProbe(port, request))
  }

  decideRaw(port: number): Choice {
    return this.#choose(port, (route) => route.filter === '', false)
  }

  #choose(port: number, matches: (route: CompiledRoute) => boolean, toApp: boolean): Choice {
    const route = toApp
      ? undefined
      : this.#routes.find((one) => one.ports.includes(port) && this.#answers(one, matches))
    const laptop = route === undefined ? undefined : this.#laptopOf(route)
    if (route === undefined || laptop === undefined) {
      this.counts.app++
      return { to: 'app' }
    }
    this.counts.laptop++
    const { intercept } = route
    return {
      to: 'laptop',
      // A daemon that came back has a session of its own: streams of the old one are not used again.
      key: `${intercept} ${laptop.session.peer.publicKey}`,
      watch: (watcher) => laptop.watch(intercept, watcher),
      async open(data, from, signal) {
        const header = { service: 'deliver', intercept, port, from } as const
        return (await laptop.session.open(header, { data, signal })).stream
      },
    }
  }

  #answers(route: CompiledRoute, matches: (route: CompiledRoute) => boolean): boolean {
    return this.#laptopOf(route) !== undefined && matches(route)
  }

  #laptopOf({ session, intercept }: Route): LaptopSession | undefined {
    return this.#laptops.serving(session, intercept)
  }

  /** The kubelet names itself, and asks what the pod's own spec says. */
  #isProbe(port: number, request: FilterRequest): boolean {
    const probes: Probe[] = this.#config?.probes ?? []
    if (!request.headers.get('user-agent')?.startsWith('kube-probe/')) return false
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

function pathOf(path: string): string {
  const plain = path.split('?', 1)[0] ?? ''
  return plain.startsWith('/') ? plain : `/${plain}`
}
