/** Whether those who hold attachments still may: the admission policies ask when one is made, this asks again each minute (SubjectAccessReview). */
import type { KubeClient } from '../kube/client.ts'
import { GROUP, type Intercept, type Session, VERSION } from '../kube/resources.ts'
import { extrasOf, verbOf } from '../kube/rights.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'

const EACH_MS = 60_000
/** After a refusal that was none a moment ago, and when the API server did not answer. */
const AGAIN_MS = 5000
/** An authorizer outside of the API server that fails for a moment says no too: only a second one counts. */
const REFUSALS = 2
/** A question that hangs must not keep the others from being asked. */
const ANSWER_MS = 10_000

export interface RightsOptions {
  client: Pick<KubeClient, 'may'>
  intercepts(): Iterable<Intercept>
  /** By name. */
  sessions(): ReadonlyMap<string, Session>
  clock: Clock
  logger: Logger
  /** Somebody has lost a right, or has it again. */
  onChange(): void
}

export class Rights {
  readonly #options: RightsOptions
  /** Refusals in a row, by the Intercept's uid and verb. */
  #refusals = new Map<string, Map<string, number>>()
  #timer: Timer | undefined
  #closed = false

  constructor(options: RightsOptions) {
    this.#options = options
  }

  /** Asks about everybody, and from now on again and again. Never rejects; what is not answered stays as it was. */
  async check(): Promise<void> {
    this.#timer?.cancel()
    const isDue = (await this.#ask()) ? AGAIN_MS : EACH_MS
    if (!this.#closed) this.#timer = this.#options.clock.after(isDue, () => void this.check())
  }

  /** Why an attachment may not be any more; undefined: it may. */
  lacking({ metadata, spec }: Intercept): string | undefined {
    const verb = verbOf(spec)
    if (!this.#isLost(metadata.uid, verb)) return undefined
    return `${spec.owner} lacks the verb "${verb}" on workloads.${GROUP}/${spec.workload.name} in namespace ${metadata.namespace}`
  }

  /** The attachment without what its owner may not have any more. */
  held(intercept: Intercept): Intercept {
    const lost = extrasOf(intercept.spec).filter((extra) => this.#isLost(intercept.metadata.uid, extra))
    if (lost.length === 0) return intercept
    const spec = { ...intercept.spec }
    for (const extra of lost) delete spec[extra]
    return { ...intercept, spec }
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #isLost(uid: string | undefined, verb: string): boolean {
    return (this.#refusals.get(uid ?? '')?.get(verb) ?? 0) >= REFUSALS
  }

  /** @returns whether somebody has to be asked about again soon */
  async #ask(): Promise<boolean> {
    const { intercepts, logger, onChange } = this.#options
    const before = this.#told()
    const answers = new Map<string, boolean>()
    const next = new Map<string, Map<string, number>>()
    let failed = false
    for (const intercept of [...intercepts()]) {
      const { uid = '' } = intercept.metadata
      const known = this.#refusals.get(uid)
      const refusals = new Map<string, number>()
      for (const verb of [verbOf(intercept.spec), ...extrasOf(intercept.spec)]) {
        const earlier = known?.get(verb) ?? 0
        // One that does not answer is not asked the rest now.
        const allowed = failed ? undefined : await this.#may(intercept, verb, answers)
        if (allowed === undefined) failed = true
        const count = allowed === undefined ? earlier : allowed ? 0 : Math.min(earlier + 1, REFUSALS)
        if (count > 0) refusals.set(verb, count)
      }
      if (refusals.size > 0) next.set(uid, refusals)
    }
    this.#refusals = next
    const now = this.#told()
    if (now !== before) {
      logger.info({ lost: now }, 'rights have changed')
      onChange()
    }
    const isDoubtful = [...next.values()].some((one) => [...one.values()].some((count) => count < REFUSALS))
    return failed || isDoubtful
  }

  /** @param answers of this round: many attachments are of the same person and workload. @returns undefined when that is not known */
  async #may({ metadata, spec }: Intercept, verb: string, answers: Map<string, boolean>): Promise<boolean | undefined> {
    const { client, sessions, logger } = this.#options
    const session = sessions().get(spec.session)?.spec
    // Groups are those that the API server has found true when the session was made; nobody has another one's.
    const groups = session?.owner === spec.owner ? (session.groups ?? []) : []
    const { namespace } = metadata
    const { name } = spec.workload
    const question = JSON.stringify([spec.owner, groups, namespace, name, verb])
    const known = answers.get(question)
    if (known !== undefined) return known
    const path = {
      apiVersion: `${GROUP}/${VERSION}`,
      kind: 'Workload',
      name,
      ...(namespace !== undefined && { namespace }),
    }
    try {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const { allowed } = await client.may({ username: spec.owner, groups }, verb, path, { signal })
      answers.set(question, allowed)
      return allowed
    } catch (error) {
      logger.warn({ error: (error as Error).message }, 'rights could not be asked for')
      return undefined
    }
  }

  /** What is lost, in one text. */
  #told(): string {
    return [...this.#refusals]
      .flatMap(([uid, verbs]) => [...verbs].filter(([, count]) => count >= REFUSALS).map(([verb]) => `${uid} ${verb}`))
      .sort()
      .join(', ')
  }
}
