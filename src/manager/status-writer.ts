/** Writes the status of attachments, as the leader: one write of an attachment at a time, and only what differs. */
import { isNotFound } from '../kube/api-fault.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Intercept } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Events } from './events.ts'
import type { InterceptStatus } from './reconcile/status.ts'

/** After the API server did not take a status. */
const AGAIN_MS = 1000

export interface StatusWriterOptions {
  client: Pick<KubeClient, 'patch'>
  events: Pick<Events, 'say'>
  clock: Clock
  logger: Logger
  /** What a write that is over did not hold may be written now. */
  onDone(): void
}

interface Written {
  /** The version that was in the cache when it was written; another one is newer than the write. */
  seen: string | undefined
  status: InterceptStatus
}

export class StatusWriter {
  readonly #options: StatusWriterOptions
  /** By uid: being written, or refused a moment ago. */
  readonly #writing = new Set<string>()
  readonly #timers = new Set<Timer>()
  readonly #written = new Map<string, Written>()

  constructor(options: StatusWriterOptions) {
    this.#options = options
  }

  /** @param intercept as the cache has it */
  write(intercept: Intercept, status: InterceptStatus): void {
    const { uid = '', resourceVersion } = intercept.metadata
    if (this.#writing.has(uid)) return
    const written = this.#written.get(uid)
    // The watch may be behind what was just written.
    const before = written !== undefined && written.seen === resourceVersion ? written.status : intercept.status
    if (sameStatus(before, status)) return
    this.#writing.add(uid)
    void this.#write(intercept, before, status)
  }

  /** Only these attachments, by uid, exist. */
  forgetAllBut(uids: ReadonlySet<string>): void {
    for (const uid of this.#written.keys()) if (!uids.has(uid)) this.#written.delete(uid)
  }

  /** A term begins: what this replica wrote in an earlier one says nothing. */
  clear(): void {
    this.#written.clear()
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel()
  }

  async #write(intercept: Intercept, before: InterceptStatus | undefined, status: InterceptStatus): Promise<void> {
    const { client, clock, logger, onDone } = this.#options
    const { apiVersion, kind, metadata } = intercept
    const { uid = '', namespace, name, resourceVersion } = metadata
    const done = (): void => {
      this.#writing.delete(uid)
      onDone()
    }
    try {
      await client.patch<Intercept>({ apiVersion, kind, namespace, name, subresource: 'status' }, { status })
      this.#written.set(uid, { seen: resourceVersion, status })
      this.#say(intercept, before, status)
    } catch (error) {
      if (!isNotFound(error)) {
        logger.warn({ intercept: name, error: (error as Error).message }, 'status not written')
        const timer = clock.after(AGAIN_MS, () => {
          this.#timers.delete(timer)
          done()
        })
        this.#timers.add(timer)
        return
      }
    }
    done()
  }

  #say(intercept: Intercept, before: InterceptStatus | undefined, status: InterceptStatus): void {
    const { events } = this.#options
    const { owner, filter } = intercept.spec
    const of = (one: InterceptStatus | undefined, type: string) => one?.conditions?.find((each) => each.type === type)
    if (of(status, 'Ready')?.status === 'True' && of(before, 'Ready')?.status !== 'True')
      events.say(intercept, 'Normal', 'InterceptStarted', `${owner} takes ${filter || 'every request'}`)
    const accepted = of(status, 'Accepted')
    if (accepted?.reason === 'Conflict' && of(before, 'Accepted')?.reason !== 'Conflict')
      events.say(intercept, 'Warning', 'InterceptConflict', accepted.message)
  }
}

/** Whether two say the same; a merge patch of lists replaces them, so order counts. */
function sameStatus(old: InterceptStatus | undefined, next: InterceptStatus): boolean {
  const plain = (value: unknown): string =>
    JSON.stringify(value, (_key, one: unknown) =>
      typeof one === 'object' && one !== null && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort())
        : one,
    )
  return old !== undefined && plain(old) === plain(next)
}
