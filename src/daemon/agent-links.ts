/** Sessions with agents: one for each pod, shared by all attachments of this cluster that cover it. */
import { Waiters } from '../lib/waiters.ts'
import { openCircuit } from '../wire/carrier/open-circuit.ts'
import { type ControlChannel, controlChannel } from '../wire/control.ts'
import type { Beside, BridgeCounts, CopyCounts, EarlierCount, FilterCounts, Seen } from '../wire/messages/control.ts'
import type { LinkMux } from '../wire/mux/mux.ts'
import type { Opening, Session } from '../wire/session/contract.ts'
import { drained } from '../wire/session/drained.ts'
import { startSession } from '../wire/session/session.ts'
import { helloOf, nextCarrier, type OverCarrierOptions } from './carrier.ts'

/** How long an agent may take to give up what is served no more. */
const HEARD_MS = 2000
const RETRY_MS = { first: 100, most: 1000 }

/** An attachment, as far as agents concern it. */
export interface Served {
  /** The Intercept's uid. */
  readonly uid: string
  onDeliver(opening: Opening, port: number): void
  onCopies(opening: Opening): void
  onCounts(podUid: string, counts: CopyCounts): void
  onEarlier(podUid: string, count: EarlierCount): void
  onFiltered(podUid: string, counts: FilterCounts): void
  onBridged(podUid: string, counts: BridgeCounts): void
  onSeen(podUid: string, news: Seen | Beside): void
  /** What an agent routes to this laptop has changed. */
  onAttached(): void
}

interface AgentLink {
  readonly podUid: string
  publicKey: string
  readonly served: Map<string, Served>
  session: Session | undefined
  control: ControlChannel | undefined
  attached: Set<string>
  starting: boolean
  retryMs: number
}

export class AgentLinks {
  readonly #options: OverCarrierOptions
  readonly #links = new Map<string, AgentLink>()
  readonly #waiters: Waiters

  constructor(options: OverCarrierOptions) {
    this.#options = options
    this.#waiters = new Waiters(options.clock)
  }

  /** Serves an attachment to the agent of a pod; again with another key when the agent is another one. */
  serve(podUid: string, publicKey: string, served: Served): void {
    let link = this.#links.get(podUid)
    if (link === undefined) {
      link = {
        podUid,
        publicKey,
        served: new Map(),
        session: undefined,
        control: undefined,
        attached: new Set(),
        starting: false,
        retryMs: RETRY_MS.first,
      }
      this.#links.set(podUid, link)
    }
    if (link.publicKey !== publicKey) {
      link.publicKey = publicKey
      link.session?.close(new Error('another agent has taken its place'))
      link.session = undefined
    }
    if (!link.served.has(served.uid)) {
      link.served.set(served.uid, served)
      this.#tell(link)
    }
    void this.#keep(link)
  }

  /** The attachment is served no more, nowhere or not to this pod. Resolves when what was under way is finished, within a bound. */
  async withdraw(uid: string, podUid?: string): Promise<void> {
    const quiet: Promise<void>[] = []
    for (const link of [...this.#links.values()]) {
      if (podUid !== undefined && link.podUid !== podUid) continue
      if (!link.served.delete(uid)) continue
      this.#tell(link)
      if (link.served.size > 0) continue
      this.#links.delete(link.podUid)
      if (link.session !== undefined) quiet.push(this.#finish(link, link.session, uid))
    }
    await Promise.all(quiet)
  }

  /** What the agent opens before it has heard of this is told so; a session that is gone would tell nothing. */
  async #finish(link: AgentLink, session: Session, uid: string): Promise<void> {
    const heard = (): true | undefined => (!link.attached.has(uid) || !session.isLinked ? true : undefined)
    await this.#waiters.until(heard, HEARD_MS)
    await drained(session, this.#options.clock)
    session.close()
  }

  /** Whether the pod's agent routes to this attachment now. */
  isAttached(podUid: string, uid: string): boolean {
    const link = this.#links.get(podUid)
    return link?.session?.isLinked === true && link.attached.has(uid)
  }

  /** The session with a pod's agent, if it stands. */
  session(podUid: string): Session | undefined {
    return this.#links.get(podUid)?.session
  }

  /** There is another carrier: sessions go over to it, those that have a link on the one before too. */
  carrierChanged(): void {
    this.#waiters.changed()
    for (const link of this.#links.values()) {
      void link.session?.renew()
      link.retryMs = RETRY_MS.first
      void this.#keep(link)
    }
  }

  close(): void {
    const links = [...this.#links.values()]
    this.#links.clear()
    for (const { session } of links) session?.close()
  }

  async #keep(link: AgentLink): Promise<void> {
    const { clock, logger, mux } = this.#options
    const carrier = mux()
    if (link.session !== undefined || link.starting || carrier === undefined || !this.#isWanted(link)) return
    link.starting = true
    try {
      await this.#start(link, carrier)
      link.retryMs = RETRY_MS.first
    } catch (error) {
      logger.info({ pod: link.podUid, error: (error as Error).message }, 'agent not reached')
      const waitMs = link.retryMs * (0.5 + Math.random())
      link.retryMs = Math.min(link.retryMs * 2, RETRY_MS.most)
      clock.after(waitMs, () => void this.#keep(link))
    } finally {
      link.starting = false
    }
    // The agent was replaced while its session started.
    const { session } = link as { session: Session | undefined }
    if (session !== undefined && session.peer.publicKey !== link.publicKey) session.close()
  }

  async #start(link: AgentLink, carrier: LinkMux): Promise<void> {
    const { identity, session: name, clock, logger, mux, graceMs } = this.#options
    const { podUid, publicKey } = link
    const to = `agent/${podUid}`
    const session = await startSession(openCircuit(carrier, { to }), {
      side: 'client',
      identity,
      hello: helloOf(name),
      clock,
      logger,
      verify: (peer) => (peer.publicKey === publicKey ? undefined : 'not the agent that Kubernetes named'),
      graceMs,
      nextLink: async () => openCircuit(await nextCarrier(this.#waiters, mux, graceMs), { to }),
    })
    if (!this.#isWanted(link)) {
      session.close()
      return
    }
    link.session = session
    // The carrier was replaced meanwhile.
    if (mux() !== carrier) void session.renew()
    session.bind({
      onStream: (opening) => this.#onStream(link, opening),
      onLost: () => this.#changed(link),
      onBack: () => this.#changed(link),
      onClose: (reason) => {
        logger.info({ pod: podUid, reason: reason?.message }, 'session with an agent ended')
        if (link.session !== session) return
        link.session = undefined
        link.control = undefined
        link.attached = new Set()
        this.#changed(link)
        clock.after(link.retryMs, () => void this.#keep(link))
      },
    })
    const { stream } = await session.open({ service: 'control' }).catch((error: unknown) => {
      session.close()
      throw error
    })
    link.control = controlChannel(stream, {
      onMessage: (message) => {
        if (message.kind === 'copies') link.served.get(message.intercept)?.onCounts(podUid, message)
        if (message.kind === 'filtered') link.served.get(message.intercept)?.onFiltered(podUid, message)
        if (message.kind === 'bridged') link.served.get(message.intercept)?.onBridged(podUid, message)
        if (message.kind === 'seen' || message.kind === 'beside') {
          link.served.get(message.intercept)?.onSeen(podUid, message)
        }
        if (message.kind === 'earlier') link.served.get(message.intercept)?.onEarlier(podUid, message)
        if (message.kind !== 'attached') return
        link.attached = new Set(message.intercepts)
        this.#waiters.changed()
        this.#changed(link)
      },
    })
    this.#tell(link)
  }

  #onStream(link: AgentLink, opening: Opening): void {
    const { header } = opening
    if (header.service !== 'deliver' && header.service !== 'copies') {
      opening.refuse('unknown', 'a daemon has no such service')
      return
    }
    const served = link.served.get(header.intercept)
    if (served === undefined) opening.refuse('ended', 'this attachment has ended')
    else if (header.service === 'deliver') served.onDeliver(opening, header.port)
    else served.onCopies(opening)
  }

  #tell({ control, served }: AgentLink): void {
    control?.send({ kind: 'serves', intercepts: [...served.keys()] })
  }

  #changed({ served }: AgentLink): void {
    for (const one of served.values()) one.onAttached()
  }

  #isWanted(link: AgentLink): boolean {
    return this.#links.get(link.podUid) === link
  }
}
