/** One intercept of this laptop: its object in the cluster, the agents that follow it, the program that answers. */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { type Code, fault } from '../diagnose/catalogue.ts'
import { GROUP, type Intercept, type InterceptPort, VERSION } from '../kube/resources.ts'
import { Watch } from '../kube/watch.ts'
import type { Fault } from '../lib/fault.ts'
import { Waiters } from '../lib/waiters.ts'
import { spliceSocket } from '../wire/carrier/splice-socket.ts'
import type { RefusalCode } from '../wire/messages/open.ts'
import type { Opening } from '../wire/session/contract.ts'
import type { Served } from './agent-links.ts'
import type { Cluster } from './cluster.ts'
import { connectLaptop } from './connect-laptop.ts'
import type { JournalEntry } from './journal.ts'
import { listensHere } from './listens-here.ts'
import type { Place } from './place.ts'
import { shortName, type Workload } from './workload.ts'

/** A new intercept is refused or ready by then. */
const READY_MS = 60_000
/** Who waits so long is told for what. */
const TELL_MS = 2000
/** A reason that lasts so long is the reason. */
const LASTING_MS = 8000

/** Why a manager does not accept an attachment, as codes. */
const REFUSALS: Record<string, Code> = {
  Conflict: 'RC-I-204',
  WorkloadNotFound: 'RC-I-201',
  PortNotFound: 'RC-I-202',
  FilterInvalid: 'RC-U-102',
}

export interface AttachmentOptions {
  cluster: Cluster
  workload: Workload
  container: string | undefined
  ports: InterceptPort[]
  filter: string
  priority: number
  /** Where the program listens: a place of its own, or this laptop. */
  place: Place | undefined
  /** What it waits for, when that takes longer than it should. */
  onWaiting(text: string): void
  /** A request came that nothing here answers; said once for each time that it begins. */
  onUnheard(port: InterceptPort): void
  /** It is over without having been asked to end. */
  onLost(reason: Fault): void
}

export class Attachment implements Served {
  readonly workload: Workload
  readonly ports: InterceptPort[]
  readonly filter: string
  readonly name: string
  readonly since: string = new Date().toISOString()
  uid = ''
  readonly #options: AttachmentOptions
  readonly #waiters: Waiters
  #journal: JournalEntry | undefined
  #watch: Watch<Intercept> | undefined
  #intercept: Intercept | undefined
  #ending: Promise<void> | undefined
  /** Ports here at which the last request found nobody. */
  readonly #unheard = new Set<number>()

  constructor(options: AttachmentOptions) {
    this.#options = options
    this.workload = options.workload
    this.ports = options.ports
    this.filter = options.filter
    this.name = `${options.workload.name.slice(0, 40)}-${randomBytes(4).toString('hex')}`
    this.#waiters = new Waiters(options.cluster.clock)
  }

  get namespace(): string {
    return this.workload.namespace
  }

  /** Whether its program has a network of its own, where no port is taken by others. */
  get isPlaced(): boolean {
    return this.#options.place !== undefined
  }

  /** Somebody asked for its end: whoever waits on it hears of it. */
  left(): void {
    this.#options.onLost(
      fault('RC-I-208', `${shortName(this.workload)} in ${this.namespace} was left; its requests go to the app.`, []),
    )
  }

  /** What the agents do, as the manager and this laptop see it. */
  get agents(): { pod: string; state: string; routeNow: string; message?: string }[] {
    return (this.#intercept?.status?.agents ?? []).map(({ pod, podUid, state, routeNow, message }) => {
      const { cluster } = this.#options
      // What was written last is not what is: nobody can tell from here.
      if (cluster.state !== 'connected')
        return { pod, state, routeNow: 'unknown', message: 'this laptop has no connection to the cluster' }
      if (!cluster.agents.isAttached(podUid, this.uid))
        return { pod, state, routeNow: routeNow ?? 'app', ...(message !== undefined && { message }) }
      const silent = this.#silentPort()
      if (silent === undefined) return { pod, state, routeNow: 'laptop', ...(message !== undefined && { message }) }
      return { pod, state, routeNow: 'app', message: `nothing listens on port ${silent} ${this.#here()}` }
    })
  }

  /** A port at which nobody here answers, as far as it is known: the agents give such requests to the app. */
  #silentPort(): number | undefined {
    const { place } = this.#options
    return this.ports.find(({ target }) =>
      place === undefined ? !listensHere(target) : this.#unheard.has(target) && !place.listens(target),
    )?.target
  }

  #here(): string {
    return this.#options.place === undefined ? 'of this laptop' : "in the program's network"
  }

  /** Creates the object and waits until every agent routes to this laptop. Rejects with a fault; then nothing is left. */
  async start(signal: AbortSignal): Promise<void> {
    const { cluster, workload, container, ports, filter, priority } = this.#options
    const { namespace } = this
    const { session, user } = cluster.joined()
    this.#journal = { ...cluster.where, kind: 'Intercept', namespace, name: this.name }
    cluster.journal.add(this.#journal)
    try {
      const created = await cluster.client.create<Intercept>(
        {
          apiVersion: `${GROUP}/${VERSION}`,
          kind: 'Intercept',
          metadata: { name: this.name, namespace },
          spec: {
            mode: 'intercept',
            workload: { kind: workload.kind, name: workload.name },
            ...(container !== undefined && { container }),
            ports,
            filter,
            priority,
            session,
            owner: user,
          },
        },
        { signal },
      )
      this.uid = created.metadata.uid ?? ''
      this.#follow()
      await this.#untilReady(signal)
    } catch (error) {
      await this.end()
      throw error
    }
  }

  /** Gives the requests back and deletes the object; resolves when that is done, however often it is called. */
  end(): Promise<void> {
    if (this.#ending === undefined) {
      const { ending } = this.#options.cluster
      const over = this.#end().finally(() => ending.delete(over))
      this.#ending = over
      ending.add(over)
    }
    return this.#ending
  }

  async #end(): Promise<void> {
    const { cluster } = this.#options
    await cluster.agents.withdraw(this.uid)
    this.#waiters.changed()
    await this.#watch?.close()
    const { apiVersion, kind } = { apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept' }
    if (this.#journal === undefined) return
    try {
      await cluster.client.delete({ apiVersion, kind, namespace: this.namespace, name: this.name })
      cluster.journal.remove(this.#journal)
    } catch (error) {
      // The journal remembers it; and without its session the managers take it away themselves.
      cluster.logger.warn({ intercept: this.name, error: (error as Error).message }, 'intercept not deleted')
    }
  }

  onDeliver(opening: Opening, port: number): void {
    void this.#deliver(opening, port)
  }

  onAttached(): void {
    this.#waiters.changed()
  }

  /** The app's environment and folder, from the first agent that tells. */
  async environment(): Promise<{ env: Record<string, string> } | undefined> {
    for (const { podUid } of this.#intercept?.status?.agents ?? []) {
      const session = this.#options.cluster.agents.session(podUid)
      if (session === undefined) continue
      try {
        const { stream } = await session.open({ service: 'environment', intercept: this.uid })
        const text = await new Promise<string>((resolve, reject) => {
          const pieces: Buffer[] = []
          stream.bind({
            onData: (bytes) => void pieces.push(bytes),
            onEnd() {
              stream.end()
              resolve(Buffer.concat(pieces).toString())
            },
            onDrain() {},
            onClose: () => reject(new Error('the agent did not answer')),
          })
        })
        return JSON.parse(text) as { env: Record<string, string> }
      } catch (error) {
        this.#options.cluster.logger.info({ error: (error as Error).message }, 'environment not read')
      }
    }
    return undefined
  }

  #follow(): void {
    const { cluster } = this.#options
    this.#watch = new Watch<Intercept>({
      client: cluster.client,
      clock: cluster.clock,
      logger: cluster.logger,
      path: { apiVersion: `${GROUP}/${VERSION}`, kind: 'Intercept', namespace: this.namespace },
      fieldSelector: `metadata.name=${this.name}`,
      onChange: (_key, _old, next) => this.#onIntercept(next),
    }).start()
  }

  #onIntercept(next: Intercept | undefined): void {
    if (this.#ending !== undefined) return
    const { cluster, onLost } = this.#options
    if (next === undefined || next.metadata.uid !== this.uid) {
      const lost = fault(
        'RC-I-208',
        `The intercept of ${shortName(this.workload)} was deleted in the cluster; its requests go to the app.`,
        [`remocal intercept ${shortName(this.workload)} -n ${this.namespace}`],
      )
      void this.end()
      onLost(lost)
      return
    }
    const earlier = this.#intercept?.status?.agents ?? []
    this.#intercept = next
    const agents = next.status?.agents ?? []
    for (const { podUid } of earlier) {
      if (!agents.some((agent) => agent.podUid === podUid)) void cluster.agents.withdraw(this.uid, podUid)
    }
    for (const { podUid, publicKey } of agents)
      if (publicKey !== undefined) cluster.agents.serve(podUid, publicKey, this)
    this.#waiters.changed()
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const { cluster } = this.#options
    const give = (): void => this.#waiters.changed()
    const startedAt = cluster.clock.now()
    let told = ''
    const tell = (): void => {
      const text = this.#waitingFor()
      if (text === told || cluster.clock.now() - startedAt < TELL_MS) return
      told = text
      this.#options.onWaiting(text)
    }
    signal.addEventListener('abort', give)
    let problem: { text: string; since: number } | undefined
    const check = (): Fault | 'ready' | 'given up' | undefined => {
      if (signal.aborted) return 'given up'
      const refusal = this.#refusal()
      if (refusal !== undefined) return refusal
      const { status, metadata } = this.#intercept ?? {}
      const rows = status?.agents ?? []
      const seen = status?.observedGeneration !== undefined && status.observedGeneration === metadata?.generation
      if (seen && rows.length > 0 && rows.every(({ podUid }) => cluster.agents.isAttached(podUid, this.uid)))
        return 'ready'
      tell()
      const text = this.#trouble()
      if (text === undefined) problem = undefined
      else if (problem?.text !== text) problem = { text, since: cluster.clock.now() }
      const lasting = problem !== undefined && cluster.clock.now() - problem.since >= LASTING_MS
      return lasting ? this.#notReady(text ?? '') : undefined
    }
    const ticking = cluster.clock.every(500, give)
    try {
      const found = await this.#waiters.until(check, READY_MS)
      if (found === 'ready') return
      if (found === 'given up') throw signal.reason
      throw found ?? this.#notReady(this.#trouble() ?? 'no manager has answered')
    } finally {
      ticking.cancel()
      signal.removeEventListener('abort', give)
    }
  }

  /** Why managers do not accept it. */
  #refusal(): Fault | undefined {
    const accepted = this.#intercept?.status?.conditions?.find(({ type }) => type === 'Accepted')
    if (accepted?.status !== 'False') return undefined
    const what = shortName(this.workload)
    const code = REFUSALS[accepted.reason] ?? 'RC-I-207'
    const actions = code === 'RC-I-204' ? this.#ways(accepted.message) : [`remocal list -n ${this.namespace}`]
    return fault(code, `Cannot intercept ${what}: ${accepted.message}. Nothing was changed.`, actions)
  }

  /** What to do when somebody holds these requests. */
  #ways(said: string): string[] {
    const { cluster, priority } = this.#options
    const mine = said.includes(` held by ${cluster.joined().user} `)
    const own = mine ? [`it is you: remocal leave ${shortName(this.workload)} -n ${this.namespace}`] : []
    return [...own, 'take other requests: --header, --filter', `ask for yours to go first: --priority ${priority + 1}`]
  }

  /** What does not go well, in the words of managers and agents. */
  #trouble(): string | undefined {
    const { status } = this.#intercept ?? {}
    const rows = status?.agents ?? []
    const failing = rows.find(({ state, message }) => state === 'ERROR' || message !== undefined)
    if (failing !== undefined) return `${failing.message ?? failing.state} (pod ${failing.pod})`
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')
    if (rows.length === 0) return ready?.reason === 'NoPods' ? 'none of its pods is running' : undefined
    return undefined
  }

  #waitingFor(): string {
    const { cluster } = this.#options
    const late = (this.#intercept?.status?.agents ?? []).filter(
      ({ podUid }) => !cluster.agents.isAttached(podUid, this.uid),
    )
    const rows = late.map(({ pod, state, message }) => `${pod} (${message ?? state})`)
    return rows.length > 0 ? `waiting for the agent of ${rows.join(', ')}` : 'waiting for a manager'
  }

  #notReady(why: string): Fault {
    return fault('RC-I-205', `Cannot intercept ${shortName(this.workload)}: ${why}. Nothing was changed.`, [
      `kubectl describe pods -n ${this.namespace}`,
    ])
  }

  async #deliver(opening: Opening, port: number): Promise<void> {
    const { place } = this.#options
    const mine = this.ports.find((one) => one.port === port)
    if (mine === undefined) {
      // The agent may not choose what it reaches here.
      opening.refuse('forbidden', `port ${port} is none of this attachment`)
      return
    }
    const { target } = mine
    let socket: Socket
    try {
      socket = place === undefined ? await connectLaptop(target) : await place.connect(target)
    } catch (error) {
      const { code = 'unknown', message } = error as NodeJS.ErrnoException
      if (!this.#unheard.has(target)) this.#options.onUnheard(mine)
      this.#unheard.add(target)
      opening.refuse(code satisfies string as RefusalCode, message)
      return
    }
    this.#unheard.delete(target)
    if (opening.signal.aborted) socket.destroy()
    else await spliceSocket(opening.accept(), socket)
  }
}
