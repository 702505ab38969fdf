/** The watches of one verification: one attachment for each workload, all made and taken away together. */
import { GROUP, type InterceptPort, type WatchSpec } from '../../kube/resources.ts'
import type { Timer } from '../../lib/clock.ts'
import type { Fault } from '../../lib/fault.ts'
import { Attachment } from '../attachment/attachment.ts'
import { lookInside } from '../attachment/look-inside.ts'
import { Program } from '../attachment/program.ts'
import type { Taker } from '../attachment/taker.ts'
import type { Cluster } from '../cluster.ts'
import { shortName } from '../workload.ts'
import type { Chosen } from './choose.ts'

/** How often it is looked whether all agents are there. */
const LOOK_MS = 100

export interface WatchersOptions {
  cluster: Cluster
  taker: Taker
  watch: WatchSpec
  /** Told once, when it takes a while until all agents watch. */
  onWaiting(text: string): void
}

export class Watchers {
  readonly #options: WatchersOptions
  readonly #attachments = new Set<Attachment>()
  readonly #lost = new AbortController()
  readonly #interrupted = new Set<string>()
  #looking: Timer | undefined
  #hasTold = false

  constructor(options: WatchersOptions) {
    this.#options = options
  }

  /** Aborted with why when one of them ends without having been asked to. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * Resolves when all agents watch.
   * @param mustAll whether one that cannot be watched is a failure
   * @returns those that cannot be watched, with why; rejects when that is all of them, or `mustAll`
   */
  async start(chosen: Chosen[], mustAll: boolean, signal: AbortSignal): Promise<{ workload: string; why: string }[]> {
    const { cluster } = this.#options
    // The same names may just be leaving.
    await Promise.all(cluster.ending)
    const results = await Promise.allSettled(chosen.map((one) => this.#startOne(one, signal)))
    signal.throwIfAborted()
    const refused = results.flatMap((result, at) =>
      result.status === 'rejected' ? [{ at, reason: result.reason as Fault }] : [],
    )
    const [first] = refused
    if (first !== undefined && (mustAll || refused.length === chosen.length)) throw first.reason
    this.#looking = cluster.clock.every(LOOK_MS, () => this.#look())
    return refused.map(({ at, reason }) => {
      const workload = chosen[at]?.workload
      return { workload: workload === undefined ? '' : shortName(workload), why: reason.message }
    })
  }

  /** Workloads of which not all was seen since `start`. */
  get interrupted(): string[] {
    this.#look()
    return [...this.#interrupted]
  }

  get watched(): { workload: string; pods: number }[] {
    return [...this.#attachments].map(({ workload, agents }) => ({
      workload: shortName(workload),
      pods: agents.length,
    }))
  }

  /** Why TLS to a workload is not looked into. */
  whyClosed(workload: string): string {
    const found = [...this.#attachments].find((one) => shortName(one.workload) === workload)
    const said = found?.agents.map(({ message }) => message).find((one) => one !== undefined)
    if (found?.spec.tls !== undefined) return `${workload}: ${said ?? 'its agents do not look into its TLS'}`
    const { name = '', namespace = '' } = found?.workload ?? {}
    return `${workload} gets TLS, and you lack the verb "tls" on workloads.${GROUP}/${name} in namespace ${namespace} to look into it`
  }

  /** By pod name. */
  get workloadOf(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#attachments].flatMap(({ workload, agents }) =>
        agents.map(({ pod }) => [pod, shortName(workload)] as const),
      ),
    )
  }

  /** Takes all of them away. */
  async end(): Promise<void> {
    const { cluster } = this.#options
    this.#looking?.cancel()
    await Promise.all(
      [...this.#attachments].map((attachment) => {
        cluster.attachments.delete(attachment)
        return attachment.end()
      }),
    )
  }

  #look(): void {
    for (const { workload, agents } of this.#attachments) {
      if (agents.some(({ routeNow }) => routeNow !== 'laptop')) this.#interrupted.add(shortName(workload))
    }
  }

  async #startOne(
    { workload, ports }: { workload: Chosen['workload']; ports: InterceptPort[] },
    signal: AbortSignal,
  ): Promise<void> {
    const { cluster, taker, watch, onWaiting } = this.#options
    const who = { client: cluster.client, joined: cluster.joined() }
    const tls = await lookInside(who, 'watch', workload, undefined, signal)
    const attachment = new Attachment({
      cluster,
      workload,
      spec: { mode: 'watch', ports, filter: '', priority: 0, watch, ...(tls && { tls }) },
      program: new Program({ ports: [], place: undefined, onUnheard() {} }),
      taker,
      // What was not seen is a note of the result.
      onTrouble: () => {},
      onWaiting: () => {
        // Of each workload there would be several lines.
        if (!this.#hasTold) onWaiting('waiting for agents to watch; in pods that have none yet that takes some seconds')
        this.#hasTold = true
      },
      onLost: (reason) => this.#lost.abort(reason),
    })
    this.#attachments.add(attachment)
    cluster.attachments.add(attachment)
    try {
      await attachment.start(signal)
    } catch (error) {
      this.#attachments.delete(attachment)
      cluster.attachments.delete(attachment)
      throw error
    }
  }
}
