/** One cluster as one user: who we are there, our Session, the carrier that is kept, and what hangs on it. */
import { fault } from '../diagnose/catalogue.ts'
import { KubeClient } from '../kube/client.ts'
import { loadConfig } from '../kube/config.ts'
import { INSTALLATION } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { ConnectResult, Target } from '../lib/daemon-api.ts'
import { Fault } from '../lib/fault.ts'
import type { Logger } from '../lib/logger.ts'
import { personalMark } from '../lib/mark.ts'
import { createIdentity } from '../wire/session/identity.ts'
import { AgentLinks } from './agent-links.ts'
import type { Attachment } from './attachment/attachment.ts'
import type { Carrier } from './carrier.ts'
import { CarrierKeeper } from './carrier-keeper.ts'
import { DialerLink } from './dialer-link.ts'
import { readInstallation } from './installation.ts'
import type { Journal, JournalEntry } from './journal.ts'
import { watchNetwork } from './network-watch.ts'
import { leadsElsewhere } from './outdated.ts'
import { OwnSession } from './own-session.ts'
import { type Left, leftKey, type Taken, takeAway } from './take-away.ts'
import { waysTo } from './ways.ts'

const CONNECT_MS = 20_000
/** Codes of refusals. */
const FORBIDDEN = new Set(['RC-C-110', 'RC-C-114'])

export interface ClusterOptions {
  target: Target
  journal: Journal
  clock: Clock
  logger: Logger
  /** For how long sessions wait for their next link. */
  graceMs: number
}

interface Joined {
  user: string
  mark: string
  /** Name of our Session object. */
  session: string
  installationKey: string
  replicas: number
  /** Where managers were reached from outside when we joined. */
  reach: string[]
}

export class Cluster {
  readonly client: KubeClient
  readonly clock: Clock
  readonly logger: Logger
  readonly journal: Journal
  readonly agents: AgentLinks
  readonly dialer: DialerLink
  readonly attachments = new Set<Attachment>()
  /** Attachments that are being taken away. */
  readonly ending = new Set<Promise<void>>()
  /** How the journal names this cluster. */
  readonly where: Pick<JournalEntry, 'kubeconfig' | 'context'>
  readonly #identity = createIdentity({ subject: 'daemon' })
  readonly #stop = new AbortController()
  readonly #network: Timer
  readonly #session: OwnSession
  #joined: Joined | undefined
  #starting: Promise<Joined> | undefined
  #keeper: CarrierKeeper | undefined
  #wasReached = false
  /** Calls that wait for a connection. */
  #callers = 0

  /** Throws RC-C-102 … when the kubeconfig cannot be used. Nothing is asked yet. */
  constructor({ target, journal, clock, logger, graceMs }: ClusterOptions) {
    const { kubeconfig, context, env } = target
    this.client = new KubeClient({
      target: loadConfig({ kubeconfig, ...(context !== undefined && { context }), env }),
      clock,
    })
    this.clock = clock
    this.logger = logger.child({ cluster: this.client.target.name })
    this.journal = journal
    this.where = { kubeconfig, context: context ?? '' }
    this.#session = new OwnSession({
      client: this.client,
      journal,
      where: this.where,
      publicKey: this.#identity.publicKey,
      clock,
      logger: this.logger,
    })
    const common = {
      identity: this.#identity,
      session: this.#session.name,
      clock,
      logger: this.logger,
      mux: () => this.carrier?.mux,
      graceMs,
    }
    this.agents = new AgentLinks(common)
    this.dialer = new DialerLink(common)
    this.#network = watchNetwork(clock, () => this.#keeper?.networkChanged())
  }

  /** The context's own namespace. */
  get namespace(): string {
    return this.client.target.namespace
  }

  get contextName(): string {
    return this.client.target.name.replace(/^context /, '')
  }

  get state(): 'connected' | 'reconnecting' | 'failed' {
    if (this.carrier !== undefined) return 'connected'
    return this.#stop.signal.aborted ? 'failed' : 'reconnecting'
  }

  /** Why it is not connected. */
  get trouble(): string | undefined {
    const error = this.#keeper?.error
    return error instanceof Fault ? error.sentence : error?.message
  }

  get carrier(): Carrier | undefined {
    return this.#keeper?.carrier
  }

  /** Who we are; throws before `connect`. */
  joined(): Joined {
    if (this.#joined === undefined) throw new Error('the cluster is not connected')
    return this.#joined
  }

  /** True once `connect` was asked for and has not failed. */
  get isWanted(): boolean {
    return this.#keeper !== undefined
  }

  /** True while it was never reached, and nobody waits for it any more. */
  get isGivenUp(): boolean {
    return !this.#wasReached && this.#callers === 0
  }

  /** Connects, or waits until the connection is back. Rejects with a fault. */
  async connect(signal: AbortSignal): Promise<ConnectResult> {
    this.#callers++
    try {
      return await this.#connect(signal)
    } finally {
      this.#callers--
    }
  }

  async #connect(signal: AbortSignal): Promise<ConnectResult> {
    const startedAt = this.clock.now()
    const already = this.carrier !== undefined
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    const { user, mark } = await this.#starting
    this.#keeper?.hurry()
    this.#keeper ??= this.#keep()
    const carrier = await this.#untilCarried(this.#keeper, signal)
    const manager = carrier.session.hello
    return {
      context: this.contextName,
      user,
      server: this.client.target.server,
      mark,
      manager: carrier.pod,
      managerVersion: manager.version,
      link: carrier.kind,
      rttMs: carrier.session.rttMs,
      tookMs: this.clock.now() - startedAt,
      already,
    }
  }

  /** Aborted when `close` begins. */
  get stopped(): AbortSignal {
    return this.#stop.signal
  }

  /**
   * Whether the same kubeconfig and context lead to another cluster, user or installation by now, so that the connection
   * that is lost cannot come back. Rejects with why the kubeconfig cannot be used.
   */
  async isOutdated(target: Target): Promise<boolean> {
    if (!this.isWanted || this.carrier !== undefined || this.#joined === undefined) return false
    const error = this.#keeper?.error
    if (error instanceof Fault && error.code === 'RC-C-110') return true
    const { user, installationKey } = this.#joined
    const known = { target: this.client.target, contextName: this.contextName, user, installationKey }
    return leadsElsewhere(target, known, this.clock)
  }

  /** As `takeAway`, but for what attachments of now have. */
  takeAway(isMeant: (left: Left) => boolean): Promise<Taken> {
    const { client, journal, where } = this
    const held = new Set([...this.attachments].map(leftKey))
    return takeAway({ client, journal, where }, (left) => !held.has(leftKey(left)) && isMeant(left))
  }

  /** Ends everything here and deletes what was made. */
  async close(): Promise<number> {
    const ending = [...this.attachments]
    await Promise.all(ending.map((attachment) => attachment.end()))
    this.#stop.abort(new Error('disconnected'))
    this.#network.cancel()
    this.agents.close()
    this.dialer.close()
    await this.#keeper?.close()
    await this.#session.delete()
    this.client.close()
    return ending.length
  }

  async #start(): Promise<Joined> {
    const [{ username, groups }, config] = await Promise.all([
      this.client.whoAmI(),
      readInstallation(this.client, this.contextName),
    ])
    await this.#session.cleanUp()
    const { publicKey, replicas, reach } = config
    const joined: Joined = {
      user: username,
      mark: personalMark(username, publicKey),
      session: this.#session.name,
      installationKey: publicKey,
      replicas,
      reach,
    }
    await this.#session.create(username, groups)
    this.#joined = joined
    return joined
  }

  async #untilCarried(keeper: CarrierKeeper, signal: AbortSignal): Promise<Carrier> {
    const since = keeper.error
    const give = (): void => keeper.changed()
    signal.addEventListener('abort', give)
    try {
      const given = (): 'given up' | Fault | undefined => (signal.aborted ? 'given up' : refusal(keeper, since))
      const found = await keeper.until(given, CONNECT_MS)
      if (found === 'given up') throw signal.reason
      if (found instanceof Fault) throw found
      if (found !== undefined) return found
    } finally {
      signal.removeEventListener('abort', give)
    }
    const { error } = keeper
    if (error instanceof Fault) throw error
    const why = error === undefined || error === since ? 'no answer within 20 s' : error.message
    throw fault('RC-C-121', `Cannot connect to ${this.contextName}: no manager answers (${why}).`, [
      `kubectl get pods -n ${INSTALLATION.namespace}`,
    ])
  }

  #keep(): CarrierKeeper {
    const { installationKey, replicas, reach } = this.joined()
    const { client, clock, logger } = this
    const keeper = new CarrierKeeper({
      ways: waysTo({
        client,
        installationKey,
        identity: this.#identity,
        session: this.#session.name,
        clock,
        logger,
      }),
      replicas,
      clock,
      logger,
      onCarrier: () => {
        this.#wasReached = true
        this.dialer.carrierChanged()
        this.agents.carrierChanged()
        // What could not be deleted while there was no network.
        void this.takeAway(() => true)
      },
      onDialers: (dialers) => this.dialer.know(dialers),
      onFailed: async ({ message }) => {
        if (/there is no Session/.test(message)) await this.#session.renew()
      },
    })
    keeper.start(reach)
    return keeper
  }
}

/** What no waiting changes: we may not, and no other way is left. */
function refusal({ error, hasTriedAll }: CarrierKeeper, since: Error | undefined): Fault | undefined {
  return error !== since && error instanceof Fault && FORBIDDEN.has(error.code) && hasTriedAll ? error : undefined
}
