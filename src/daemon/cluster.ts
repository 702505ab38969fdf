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
import { Waiters } from '../lib/waiters.ts'
import { graceOf } from '../wire/session/grace.ts'
import { createIdentity } from '../wire/session/identity.ts'
import { AgentLinks } from './agent-links.ts'
import type { Attachment } from './attachment.ts'
import { type Carrier, openCarrier } from './carrier.ts'
import { DialerLink } from './dialer-link.ts'
import { doubt } from './doubt.ts'
import { readInstallation } from './installation.ts'
import type { Journal, JournalEntry } from './journal.ts'
import { watchNetwork } from './network-watch.ts'
import { OwnSession } from './own-session.ts'

const RETRY_MS = { first: 100, most: 2000, lasting: 30_000 }
/** So many failures in a row mean that it lasts: then it is tried more rarely, and at once when somebody asks. */
const LASTING = 60
const CONNECT_MS = 20_000
/** So long a manager may take to answer after the network has changed. */
const PROBE_MS = 1000
/** How long an API server may think when asked whether it is still the same. */
const ASK_MS = 3000
/** Codes of refusals. */
const FORBIDDEN = new Set(['RC-C-110', 'RC-C-114'])

export interface ClusterOptions {
  target: Target
  journal: Journal
  clock: Clock
  logger: Logger
}

interface Joined {
  user: string
  mark: string
  /** Name of our Session object. */
  session: string
  installationKey: string
  replicas: number
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
  readonly #waiters: Waiters
  readonly #session: OwnSession
  #joined: Joined | undefined
  #carrier: Carrier | undefined
  #starting: Promise<Joined> | undefined
  #kept: Promise<void> | undefined
  #lastError: unknown
  /** Of the replicas. */
  #turn = Math.floor(Math.random() * 100)
  /** Ends the pause between two attempts. */
  #hurry: () => void = () => {}

  /** Throws RC-C-102 … when the kubeconfig cannot be used. Nothing is asked yet. */
  constructor({ target, journal, clock, logger }: ClusterOptions) {
    const { kubeconfig, context, env } = target
    this.client = new KubeClient({
      target: loadConfig({ kubeconfig, ...(context !== undefined && { context }), env }),
      clock,
    })
    this.clock = clock
    this.logger = logger.child({ cluster: this.client.target.name })
    this.journal = journal
    this.where = { kubeconfig, context: context ?? '' }
    this.#waiters = new Waiters(clock)
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
      mux: () => this.#carrier?.mux,
      graceMs: graceOf(process.env),
    }
    this.agents = new AgentLinks(common)
    this.dialer = new DialerLink(common)
    // A carrier over a network that is gone is found at once, not after three silent seconds.
    this.#network = watchNetwork(clock, () => this.#carrier?.session.probe(PROBE_MS))
  }

  /** The context's own namespace. */
  get namespace(): string {
    return this.client.target.namespace
  }

  get contextName(): string {
    return this.client.target.name.replace(/^context /, '')
  }

  get state(): 'connected' | 'reconnecting' | 'failed' {
    if (this.#carrier !== undefined) return 'connected'
    return this.#stop.signal.aborted ? 'failed' : 'reconnecting'
  }

  /** Why it is not connected. */
  get trouble(): string | undefined {
    if (this.#carrier !== undefined || this.#lastError === undefined) return undefined
    return this.#lastError instanceof Fault ? this.#lastError.sentence : (this.#lastError as Error).message
  }

  get carrier(): Carrier | undefined {
    return this.#carrier
  }

  /** Who we are; throws before `connect`. */
  joined(): Joined {
    if (this.#joined === undefined) throw new Error('the cluster is not connected')
    return this.#joined
  }

  /** True once `connect` was asked for and has not failed. */
  get isWanted(): boolean {
    return this.#kept !== undefined
  }

  /** Connects, or waits until the connection is back. Rejects with a fault. */
  async connect(signal: AbortSignal): Promise<ConnectResult> {
    const startedAt = this.clock.now()
    const already = this.#carrier !== undefined
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    const { user, mark } = await this.#starting
    this.#kept ??= this.#keep()
    this.#hurry()
    const carrier = await this.#untilCarried(signal)
    const manager = carrier.session.hello
    return {
      context: this.contextName,
      user,
      server: this.client.target.server,
      mark,
      manager: carrier.pod,
      managerVersion: manager.version,
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
    if (!this.isWanted || this.#carrier !== undefined || this.#joined === undefined) return false
    if (this.#lastError instanceof Fault && this.#lastError.code === 'RC-C-110') return true
    const now = loadConfig(target)
    const mine = this.client.target
    const isMoved = (['server', 'serverName', 'insecure', 'proxy'] as const).some((part) => now[part] !== mine[part])
    if (isMoved || String(now.ca) !== String(mine.ca)) return true
    const client = new KubeClient({ target: now, clock: this.clock, timeoutMs: ASK_MS })
    try {
      const [{ username }, { publicKey }] = await Promise.all([
        client.whoAmI(),
        readInstallation(client, this.contextName),
      ])
      return username !== this.#joined.user || publicKey !== this.#joined.installationKey
    } catch (error) {
      if (error instanceof Fault && error.code === 'RC-C-120') throw error
      // An API server that does not answer may come back.
      return false
    } finally {
      client.close()
    }
  }

  /** Ends everything here and deletes what was made. */
  async close(): Promise<number> {
    const ending = [...this.attachments]
    await Promise.all(ending.map((attachment) => attachment.end()))
    this.#stop.abort(new Error('disconnected'))
    this.#network.cancel()
    this.agents.close()
    this.dialer.close()
    this.#carrier?.close()
    await this.#kept
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
    const { publicKey, replicas } = config
    const joined: Joined = {
      user: username,
      mark: personalMark(username, publicKey),
      session: this.#session.name,
      installationKey: publicKey,
      replicas,
    }
    await this.#session.create(username, groups)
    this.#joined = joined
    return joined
  }

  async #untilCarried(signal: AbortSignal): Promise<Carrier> {
    const since = this.#lastError
    const give = (): void => this.#waiters.changed()
    signal.addEventListener('abort', give)
    try {
      const found = await this.#waiters.until(
        () => this.#carrier ?? (signal.aborted ? 'given up' : this.#refusal(since)),
        CONNECT_MS,
      )
      if (found === 'given up') throw signal.reason
      if (found instanceof Fault) throw found
      if (found !== undefined) return found
    } finally {
      signal.removeEventListener('abort', give)
    }
    const error = this.#lastError
    if (error instanceof Fault) throw error
    const why = error === undefined || error === since ? 'no answer within 20 s' : (error as Error).message
    throw fault('RC-C-121', `Cannot connect to ${this.contextName}: no manager answers (${why}).`, [
      `kubectl get pods -n ${INSTALLATION.namespace}`,
    ])
  }

  /** What no waiting changes: we may not. */
  #refusal(since: unknown): Fault | undefined {
    const error = this.#lastError
    return error !== since && error instanceof Fault && FORBIDDEN.has(error.code) ? error : undefined
  }

  /** A carrier to one manager after the other, for as long as it is wanted. */
  async #keep(): Promise<void> {
    const { signal } = this.#stop
    const { replicas } = this.joined()
    let wait = RETRY_MS.first
    let failures = 0
    while (!signal.aborted) {
      const startedAt = this.clock.now()
      try {
        const carrier = this.#carrier ?? (await this.#openNext(signal))
        failures = 0
        wait = RETRY_MS.first
        if (this.#carrier === undefined) this.#stand(carrier)
        else if (this.#carrier !== carrier) {
          // What was begun while the one before was silent came first.
          carrier.close()
          continue
        }
        const reason = await carrier.closed
        this.logger.info({ pod: carrier.pod, reason: reason?.message }, 'carrier lost')
        // Another one may have taken its place.
        if (this.#carrier !== carrier) continue
        this.#carrier = undefined
        this.#lastError = reason ?? new Error('the manager ended the connection')
      } catch (error) {
        failures++
        this.#lastError = error
        this.#waiters.changed()
        if (/there is no Session/.test((error as Error).message)) await this.#session.renew()
      }
      if (signal.aborted) return
      // The other replica is tried at once.
      if (failures > 0 && failures % replicas === 0) {
        // Who waited for an answer in vain has waited.
        const tookMs = this.clock.now() - startedAt
        await this.#pause(Math.max(0, wait * (0.5 + Math.random()) - tookMs))
        wait = Math.min(wait * 2, failures > LASTING ? RETRY_MS.lasting : RETRY_MS.most)
      }
    }
  }

  /** A carrier to the replica whose turn it is. */
  async #openNext(signal: AbortSignal): Promise<Carrier> {
    const { installationKey, replicas } = this.joined()
    const pod = `${INSTALLATION.manager}-${this.#turn++ % replicas}`
    try {
      return await openCarrier({
        client: this.client,
        namespace: INSTALLATION.namespace,
        pod,
        installationKey,
        identity: this.#identity,
        session: this.#session.name,
        clock: this.clock,
        logger: this.logger,
        signal,
        onDialers: (dialers) => this.dialer.know(dialers),
      })
    } catch (error) {
      this.logger.info({ pod, error: (error as Error).message }, 'manager not reached')
      throw error
    }
  }

  /** What runs over the carrier goes over this one from now on. */
  #stand(carrier: Carrier): void {
    if (this.#stop.signal.aborted) {
      carrier.close()
      return
    }
    const before = this.#carrier
    this.#carrier = carrier
    this.#lastError = undefined
    this.logger.info({ pod: carrier.pod }, 'carrier stands')
    doubt(carrier, {
      clock: this.clock,
      open: (signal) => this.#openNext(AbortSignal.any([signal, this.#stop.signal])),
      take: (next) => {
        // It may be late: another one stands already.
        if (this.#carrier === undefined || this.#carrier === carrier) this.#stand(next)
        else next.close()
      },
      discard: (next) => next.close(),
    })
    this.#waiters.changed()
    this.dialer.carrierChanged()
    this.agents.carrierChanged()
    before?.close()
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#hurry = resolve
    const timer = this.clock.after(ms, resolve)
    this.#stop.signal.addEventListener('abort', () => resolve(), { once: true })
    return promise.finally(() => timer.cancel())
  }
}
