/** An agent in a pod: config in, ports and requests accordingly, reports out. */
import { fault } from '../diagnose/catalogue.ts'
import type { Timer } from '../lib/clock.ts'
import { VERSION } from '../lib/version.ts'
import type { AgentConfig, AgentReport, Route } from '../wire/messages/control.ts'
import { type Hello, PROTOCOL } from '../wire/messages/hello.ts'
import type { Opening } from '../wire/session/contract.ts'
import type { AppProcess } from './app-process.ts'
import { coalesce } from './coalesce.ts'
import { Copies } from './copies/copies.ts'
import { CountNews } from './count-news.ts'
import type { RoleContext } from './dialer-role.ts'
import type { Earlier } from './earlier/earlier.ts'
import { tellEarlier } from './earlier/tell-earlier.ts'
import { type Laptop, Laptops } from './laptops.ts'
import { Managers } from './managers.ts'
import { Routes } from './routes.ts'
import { Sources } from './sources.ts'
import type { Takeover } from './takeover/takeover.ts'
import type { AppTls } from './tls/app-tls.ts'
import { Watches } from './watches/watches.ts'

/** An agent without routes waits so long for the next attachment, then ends. */
const LINGER_MS = 5 * 60_000
/** Without a manager either, none can come: the installation may be gone. */
const ALONE_MS = 30_000
const LOOK_MS = 1000

export type Ports = Pick<Takeover, 'taken' | 'connections' | 'problem' | 'over' | 'want' | 'listening'>

export interface PodAgentOptions extends RoleContext {
  app: AppProcess | { problem: string }
  tls: Pick<AppTls, 'problem' | 'hasSeen' | 'isPlain'>
  earlier: Pick<Earlier, 'watch' | 'connections' | 'addresses' | 'ends' | 'problem' | 'close'>
}

export class PodAgent {
  readonly routes: Routes
  /** Resolves with the exit code when the agent has nothing to do any more. */
  readonly over: Promise<number>
  readonly #options: PodAgentOptions
  readonly #laptops: Laptops
  readonly #copies: Copies
  readonly #countNews = new CountNews()
  readonly #watches: Watches
  readonly #managers: Managers
  readonly #sources: Sources
  readonly #timer: Timer
  readonly #resolveOver: (code: number) => void
  #ports: Ports | { problem: string } = { problem: 'the agent is starting' }
  #rejected: Pick<AgentReport, 'epoch' | 'generation' | 'error'> | undefined
  #reported = ''
  #idleSince: number

  /** Looks at everything again: takes what is wanted and tells everybody what is. */
  readonly refresh: () => Promise<void> = coalesce(() => this.#refresh())

  constructor(options: PodAgentOptions) {
    const { identity, clock, logger } = options
    const { namespace, pod, podUid, container, installationKey, managers, managersName } = options.options
    const end = { role: 'agent', namespace, pod, podUid, container } as const
    const hello: Hello = { version: VERSION, protocol: PROTOCOL, features: ['watch'], end }
    const over = Promise.withResolvers<number>()
    this.over = over.promise
    this.#resolveOver = over.resolve
    this.#options = options
    this.#idleSince = clock.now()
    this.#laptops = new Laptops({
      identity,
      hello,
      clock,
      logger,
      keyOf: (session) => this.routes.config?.peers[session],
      onStream: (opening, laptop) => this.#serve(opening, laptop),
      onChange: () => void this.refresh(),
    })
    this.#sources = new Sources({ clock, ask: (ip) => this.#managers.send({ kind: 'lookup', ip }) })
    const serving = (session: string, intercept: string): Laptop | undefined =>
      this.#laptops.serving(session, intercept)
    this.#copies = new Copies({ clock, logger, serving, onChange: () => void this.refresh() })
    this.#watches = new Watches({ clock, serving })
    this.routes = new Routes({
      clock,
      serving,
      source: (ip) => this.#sources.find(ip),
      copier: (route, port) => this.#copies.copier(route, port),
      watcher: (route, port) => this.#watches.watcher(route, port),
    })
    this.#managers = new Managers({
      identity,
      hello,
      installationKey,
      addresses: managers,
      name: managersName,
      clock,
      logger,
      onCircuit: (link) => void this.#laptops.take(link),
      onJoined: () => {
        this.#reported = ''
        void this.refresh()
      },
      onMessage: (message) => {
        if (message.kind === 'config') void this.#take(message)
        if (message.kind === 'found') this.#sources.found(message)
      },
    })
    this.#timer = clock.every(LOOK_MS, () => this.#look())
  }

  /** From here on ports can be taken, or it is known why not. */
  async use(ports: Ports | { problem: string }): Promise<void> {
    this.#ports = ports
    await this.refresh()
  }

  async close(): Promise<void> {
    this.#timer.cancel()
    this.#copies.close()
    this.routes.close()
    this.#options.earlier.close()
    this.#laptops.close()
    await this.#managers.close()
  }

  async #take(config: AgentConfig): Promise<void> {
    const { logger } = this.#options
    try {
      if (!(await this.routes.apply(config))) return
      this.#rejected = undefined
    } catch (error) {
      if (!this.routes.isNewer(config)) return
      const text = fault('RC-E-303', `The agent keeps its old routes: ${(error as Error).message}.`)
      logger.error({ generation: config.generation, error: text.sentence }, 'config rejected')
      const { epoch, generation } = config
      this.#rejected = { epoch, generation, error: `${text.code}: ${text.sentence}` }
    }
    this.#laptops.keysChanged()
    await this.refresh()
  }

  async #refresh(): Promise<void> {
    this.#copies.refresh(this.routes.config?.routes ?? [])
    this.#watches.refresh(this.routes.config?.routes ?? [])
    const wanted = this.routes.active().flatMap(({ ports }) => ports)
    if ('want' in this.#ports) await this.#ports.want([...new Set(wanted)])
    const now = this.routes.active().filter((route) => this.#isTaken(route))
    const { earlier } = this.#options
    const { taken } = 'want' in this.#ports ? this.#ports : { taken: new Set<number>() }
    earlier.watch(
      // A watch may have ports that the app does not listen on.
      new Set(now.flatMap(({ ports }) => ports).filter((port) => taken.has(port))),
      now.filter(({ reopen }) => reopen === true),
    )
    for (const laptop of this.#laptops) {
      const own = now.filter(({ session }) => session === laptop.name)
      tellEarlier(laptop, own, earlier)
      laptop.attached(own.map(({ intercept }) => intercept))
    }
    this.#report(new Set(now.map(({ intercept }) => intercept)))
  }

  #report(toLaptop: Set<string>): void {
    const { config } = this.routes
    const { epoch = 0, generation = 0 } = this.#rejected ?? config ?? {}
    const error = this.#rejected?.error ?? this.#problem()
    const report: AgentReport = {
      kind: 'report',
      epoch,
      generation,
      routes: (config?.routes ?? []).map((route) => {
        const { intercept } = route
        if (!toLaptop.has(intercept)) return { intercept, now: 'app', why: this.#why(route) }
        const lacks = [this.#closed(route), this.#keepsEarlier(route)].filter((one) => one !== undefined)
        return { intercept, now: 'laptop', ...(lacks.length > 0 && { why: lacks.join(' ') }) }
      }),
      listening: 'want' in this.#ports ? [...this.#ports.listening()].sort((a, b) => a - b) : [],
      ...(error !== undefined && { error }),
    }
    const text = JSON.stringify(report)
    if (text === this.#reported) return
    this.#reported = text
    this.#managers.send(report)
  }

  /** Its requests go to the laptop, or copies of them, or are watched for it. */
  #isTaken(route: Route): boolean {
    if (route.mode === 'wiretap' && !this.#copies.isOpen(route)) return false
    const { taken } = 'want' in this.#ports ? this.#ports : { taken: new Set<number>() }
    // A watch tells what it sees; of an app that does not listen on some port nothing comes there.
    return route.mode === 'watch'
      ? route.ports.some((port) => taken.has(port))
      : route.ports.every((port) => taken.has(port))
  }

  #problem(): string | undefined {
    const { problem } = this.#ports
    if (problem === undefined) return undefined
    return `RC-E-302: ${fault('RC-E-302', `The agent cannot take ports of the pod over: ${problem}.`).sentence}`
  }

  /** Why the agent does not look into TLS connections of a route's ports. */
  #closed(route: Route): string | undefined {
    const { tls } = this.#options
    const plain = route.ports.find((port) => tls.isPlain(port))
    if (plain !== undefined && saysTls(route)) return noTls(route, plain)
    if (!this.routes.looksInside(route)) return undefined
    if (route.tls !== undefined) return route.ports.map((port) => tls.problem(port)).find((one) => one !== undefined)
    const port = route.ports.find((one) => tls.hasSeen(one))
    if (port === undefined) return undefined
    const why = `Requests in TLS to port ${port} are not seen: ${route.owner} lacks the verb "tls" on the workload.`
    return `RC-E-332: ${fault('RC-E-332', why).sentence}`
  }

  /** Why connections from before are not ended, though that is wished. */
  #keepsEarlier({ intercept }: Route): string | undefined {
    const problem = this.#options.earlier.problem(intercept)
    if (problem === undefined) return undefined
    return `RC-E-340: ${fault('RC-E-340', `Connections from before cannot be ended: ${problem}.`).sentence}`
  }

  /** Why a route's requests go to the app. */
  #why({ ports, session, intercept }: Route): string {
    if (this.#laptops.find(session) === undefined) return 'the laptop is not connected'
    const problem = this.#problem()
    if (problem !== undefined) return problem
    const listening = 'want' in this.#ports ? this.#ports.listening() : new Set<number>()
    const missing = ports.filter((port) => !listening.has(port))
    if (missing.length > 0) return `nothing listens on port ${missing.join(', ')} of the pod`
    return this.#laptops.serving(session, intercept) === undefined
      ? 'the laptop is connected, but has not said yet that it takes these requests'
      : 'the agent is just beginning to take its requests'
  }

  #look(): void {
    const { clock } = this.#options
    for (const route of this.routes.active()) {
      const laptop = this.#laptops.serving(route.session, route.intercept)
      if (laptop === undefined) continue
      const { intercept } = route
      this.#countNews.tell(laptop, { kind: 'filtered', intercept, ...this.routes.filterCounts(route) })
      this.#countNews.tell(laptop, this.routes.bridges.of(route))
    }
    const ports = 'want' in this.#ports ? this.#ports : undefined
    const { earlier } = this.#options
    if (ports !== undefined) this.#watches.tell({ taken: ports.taken, bypassing: () => earlier.addresses() })
    const used = (this.routes.config?.routes.length ?? 0) > 0 || (ports?.connections ?? 0) > 0
    if (used) this.#idleSince = clock.now()
    else if (clock.now() - this.#idleSince >= (this.#managers.joined > 0 ? LINGER_MS : ALONE_MS)) this.#resolveOver(0)
    // Nothing can be taken without nft, and only a new agent can start one.
    if (ports?.over === true) this.#resolveOver(1)
  }

  #serve(opening: Opening, laptop: Laptop): void {
    const { header } = opening
    const { app } = this.#options
    if (header.service !== 'environment') {
      opening.refuse('unknown', `an agent has no service ${header.service}`)
      return
    }
    const route = this.routes.config?.routes.find(({ intercept }) => intercept === header.intercept)
    if (route === undefined || route.session !== laptop.name) {
      opening.refuse('forbidden', 'this attachment is not yours')
    } else if ('problem' in app) {
      opening.refuse(
        'unknown',
        `RC-E-304: ${fault('RC-E-304', `The app's process cannot be read: ${app.problem}.`).sentence}`,
      )
    } else {
      const stream = opening.accept()
      stream.bind({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} })
      stream.send(Buffer.from(JSON.stringify({ ...app, files: [] })))
      stream.end()
    }
  }
}

/** Its user said how TLS is to be looked into. */
function saysTls({ tls }: Route): boolean {
  return tls !== undefined && (tls.files.length > 0 || tls.plaintext === true)
}

function noTls({ tls }: Route, port: number): string {
  const given = [tls?.plaintext === true && '--plaintext', (tls?.files.length ?? 0) > 0 && '--tls-cert and --tls-key']
  const options = given.filter((one) => one !== false).join(', ')
  const why = `All clients of port ${port} have spoken plain text so far, and options of TLS (${options}) are for nothing there.`
  return `RC-E-336: ${fault('RC-E-336', why).sentence}`
}
