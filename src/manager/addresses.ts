/** Which pod has an address, for the filters of agents. The API server is asked for each address once in a while. */
import type { KubeClient } from '../kube/client.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Pod } from './kinds.ts'

export interface Owner {
  /** Both are empty when it is nobody's, or a node's. */
  namespace: string
  pod: string
}

const KEPT_MS = 10_000
/** The API server is the whole cluster's: agents wait for each other rather than that it gets many questions at once. */
const AT_ONCE = 4
const MAX_WAITING = 256
const NOBODY: Owner = { namespace: '', pod: '' }

export class Addresses {
  readonly #client: Pick<KubeClient, 'list'>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #kept = new Map<string, { owner: Promise<Owner>; until: number }>()
  readonly #waiting: (() => void)[] = []
  #asking = 0

  constructor(client: Pick<KubeClient, 'list'>, clock: Clock, logger: Logger) {
    this.#client = client
    this.#clock = clock
    this.#logger = logger
  }

  /** Never rejects. */
  find(ip: string): Promise<Owner> {
    const now = this.#clock.now()
    for (const [known, { until }] of this.#kept) {
      if (until > now) break
      this.#kept.delete(known)
    }
    const kept = this.#kept.get(ip)
    if (kept !== undefined) return kept.owner
    const owner = this.#ask(ip)
    this.#kept.set(ip, { owner, until: now + KEPT_MS })
    return owner
  }

  async #ask(ip: string): Promise<Owner> {
    if (!/^[\da-f.:]+$/i.test(ip) || this.#waiting.length >= MAX_WAITING) return NOBODY
    if (this.#asking >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#asking++
    try {
      const fieldSelector = `status.podIP=${ip},status.phase=Running`
      const { items } = await this.#client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { fieldSelector })
      const [pod, other] = items.filter(({ spec }) => spec.hostNetwork !== true)
      if (pod === undefined || other !== undefined) return NOBODY
      return { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name }
    } catch (error) {
      this.#logger.info({ ip, error: (error as Error).message }, 'the pod of an address was not found')
      return NOBODY
    } finally {
      this.#asking--
      this.#waiting.shift()?.()
    }
  }
}
