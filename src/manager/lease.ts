/** Which replica leads: a Lease object (coordination.k8s.io/v1), 6 s long, renewed every 2 s. */
import { isConflict, isNotFound } from '../kube/api-fault.ts'
import type { KubeClient } from '../kube/client.ts'
import { INSTALLATION, type KubeObject } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'

const LEASE_S = 6
const RENEW_MS = 2000
/** A replica that has not renewed for so long leads no more: before the lease has run out for the others. */
const LEAD_MS = 5500

interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}

export interface LeaseOptions {
  client: Pick<KubeClient, 'find' | 'create' | 'replace'>
  namespace: string
  /** The pod's name: a container that was restarted takes its own lease at once. */
  identity: string
  clock: Clock
  logger: Logger
  /** Leading, with the number of this term; or undefined: no longer. */
  onChange(epoch: number | undefined): void
}

export class LeaderLease {
  readonly #options: LeaseOptions
  readonly #path: { apiVersion: string; kind: string; namespace: string; name: string }
  #timer: Timer | undefined
  #epoch: number | undefined
  #deadline: Timer | undefined
  /** Of another holder: what its lease said and when that was seen first. Clocks of two machines are never compared. */
  #seen: { record: string; at: number } | undefined
  #trying = false
  #closed = false

  constructor(options: LeaseOptions) {
    this.#options = options
    const { namespace } = options
    this.#path = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: INSTALLATION.manager }
  }

  start(): this {
    this.#timer = this.#options.clock.every(RENEW_MS, () => void this.#try())
    void this.#try()
    return this
  }

  /** Gives the lease up, so that another replica leads at once. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    this.#deadline?.cancel()
    if (this.#epoch === undefined) return
    this.#set(undefined)
    const lease = await this.#options.client.find<Lease>(this.#path).catch(() => undefined)
    if (lease?.spec?.holderIdentity !== this.#options.identity) return
    await this.#options.client.replace<Lease>({ ...lease, spec: { ...lease.spec, holderIdentity: '' } }).catch(() => {})
  }

  async #try(): Promise<void> {
    if (this.#trying || this.#closed) return
    this.#trying = true
    const { clock, logger } = this.#options
    const attempt = new AbortController()
    // An API server that does not answer is asked anew; the next attempt may meet another one.
    const late = clock.after(RENEW_MS, () => attempt.abort(new Error(`no answer within ${RENEW_MS / 1000} s`)))
    try {
      await this.#acquire(attempt.signal)
    } catch (error) {
      logger.warn({ error: (error as Error).message }, 'the lease could not be renewed')
    } finally {
      late.cancel()
      this.#trying = false
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    const { client, clock, identity } = this.#options
    const startedAt = clock.now()
    const lease = await client.find<Lease>(this.#path, { signal })
    const spec = lease?.spec
    const holder = spec?.holderIdentity ?? ''
    if (lease !== undefined && holder !== '' && holder !== identity && !this.#hasRunOut(lease)) {
      this.#set(undefined)
      return
    }
    const now = `${new Date().toISOString().slice(0, -1)}000Z`
    const mine = holder === identity && this.#epoch !== undefined
    const epoch = mine ? (this.#epoch ?? 0) : (spec?.leaseTransitions ?? 0) + 1
    const wanted = {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_S,
      acquireTime: mine ? (spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: epoch,
    }
    try {
      if (lease === undefined) {
        const { apiVersion, kind, name, namespace } = this.#path
        await client.create<Lease>({ apiVersion, kind, metadata: { name, namespace }, spec: wanted }, { signal })
      } else await client.replace<Lease>({ ...lease, spec: wanted }, { signal })
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error
      // Somebody was faster.
      this.#set(undefined)
      return
    }
    if (this.#closed) return
    this.#deadline?.cancel()
    this.#deadline = clock.after(startedAt + LEAD_MS - clock.now(), () => this.#set(undefined))
    this.#set(epoch)
  }

  #hasRunOut({ spec }: Lease): boolean {
    const record = `${spec?.holderIdentity} ${spec?.renewTime}`
    const now = this.#options.clock.now()
    if (this.#seen?.record !== record) this.#seen = { record, at: now }
    return now - this.#seen.at > (spec?.leaseDurationSeconds ?? LEASE_S) * 1000
  }

  #set(epoch: number | undefined): void {
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#options.logger.info({ epoch }, epoch === undefined ? 'another replica leads' : 'this replica leads')
    this.#options.onChange(epoch)
  }
}
