/** Events (v1) on attachments and workloads, for people: at most one of a kind and object in ten seconds. */
import { randomBytes } from 'node:crypto'
import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/resources.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'

const QUIET_MS = 10_000
const MAX_REMEMBERED = 2000

export type EventReason =
  | 'AgentAttached'
  | 'AgentRefused'
  | 'InterceptStarted'
  | 'InterceptConflict'
  | 'AgentConfigRejected'

export class Events {
  readonly #client: KubeClient
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #said = new Map<string, number>()

  constructor(client: KubeClient, clock: Clock, logger: Logger) {
    this.#client = client
    this.#clock = clock
    this.#logger = logger
  }

  /** Says something about an object; failures are only logged. */
  say(about: KubeObject, type: 'Normal' | 'Warning', reason: EventReason, message: string): void {
    const { metadata, kind, apiVersion } = about
    const key = `${metadata.uid} ${reason}`
    const now = this.#clock.now()
    if (now - (this.#said.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    if (this.#said.size >= MAX_REMEMBERED) this.#said.clear()
    this.#said.set(key, now)
    const time = new Date().toISOString().replace(/\.\d+/, '')
    const { name, namespace, uid } = metadata
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace: namespace ?? 'default' },
      involvedObject: { apiVersion, kind, name, namespace, uid },
      type,
      reason,
      message: message.slice(0, 1000),
      source: { component: 'remocal-manager' },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    }
    this.#client.create<KubeObject>(event as KubeObject).catch((error: Error) => {
      this.#logger.debug({ reason, error: error.message }, 'event not written')
    })
  }
}
