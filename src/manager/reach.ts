/**
 * Where managers are reached from outside the cluster, as far as the installation is exposed. Each replica finds it out, since each tells
 * its daemons; the one that leads also writes it where daemons read it before they are connected.
 */
import type { KubeClient } from '../kube/client.ts'
import { INSTALLATION, type KubeObject } from '../kube/resources.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Node, Pod, Service } from './kinds.ts'
import { frontNodes, outsideAddresses } from './reconcile/outside.ts'

/** Nodes get other addresses rarely. */
const REFRESH_MS = 60_000
/** After a failure. */
const AGAIN_MS = 2000

export interface ReachOptions {
  client: Pick<KubeClient, 'find' | 'get' | 'patch'>
  namespace: string
  /** The Service, if there is one. */
  service(): Service | undefined
  /** Of the installation. */
  pods(): Iterable<Pod>
  clock: Clock
  logger: Logger
  /** `addresses` is another one. */
  onChange(): void
}

export class Reach {
  readonly #options: ReachOptions
  #addresses: string[] | undefined
  #leads = false
  /** What the ConfigMap says; undefined: must be read. */
  #written: string | undefined
  /** What `addresses` was made of. */
  #seen = ''
  #running = false
  #again = false
  #timer: Timer | undefined
  #state: 'new' | 'started' | 'closed' = 'new'

  constructor(options: ReachOptions) {
    this.#options = options
  }

  /** `host:port` each, the better ones first; undefined until it was found out. */
  get addresses(): string[] | undefined {
    return this.#addresses
  }

  /** Service and pods are known now. */
  start(): void {
    this.#state = 'started'
    this.#run()
  }

  /** A term begins or ends. */
  set leads(leads: boolean) {
    this.#leads = leads
    this.#written = undefined
    this.#run()
  }

  /** Service or pods may have changed. */
  look(): void {
    if (this.#key() !== this.#seen) this.#run()
  }

  close(): void {
    this.#state = 'closed'
    this.#timer?.cancel()
  }

  /** One at a time; a change during it runs it once more. */
  #run(): void {
    if (this.#state !== 'started') return
    this.#again = this.#running
    if (this.#running) return
    this.#running = true
    this.#timer?.cancel()
    void this.#refresh()
      .then(
        () => (this.#options.service() === undefined ? undefined : REFRESH_MS),
        (error: Error) => {
          this.#options.logger.warn(
            { error: error.message },
            'where managers are reached could not be brought up to date',
          )
          return AGAIN_MS
        },
      )
      .then((nextMs) => {
        this.#running = false
        if (this.#state !== 'started') return
        if (this.#again) this.#run()
        else if (nextMs !== undefined) this.#timer = this.#options.clock.after(nextMs, () => this.#run())
      })
  }

  async #refresh(): Promise<void> {
    const { client, service, pods, onChange } = this.#options
    const seen = this.#key()
    const front = service()
    const names = front?.spec.type === 'NodePort' ? frontNodes(pods()) : []
    const nodes = await Promise.all(names.map((name) => client.find<Node>({ apiVersion: 'v1', kind: 'Node', name })))
    const addresses = outsideAddresses(
      front,
      nodes.filter((node) => node !== undefined),
    )
    this.#seen = seen
    const changed = JSON.stringify(addresses) !== JSON.stringify(this.#addresses)
    this.#addresses = addresses
    if (changed) onChange()
    if (this.#leads) await this.#write(addresses.join(' '))
  }

  async #write(text: string): Promise<void> {
    const { client, namespace } = this.#options
    const path = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: INSTALLATION.configMap }
    this.#written ??= (await client.get<KubeObject & { data?: Record<string, string> }>(path)).data?.reach ?? ''
    if (this.#written === text) return
    await client.patch(path, { data: { reach: text === '' ? null : text } })
    this.#written = text
    this.#options.logger.info({ addresses: text }, 'where managers are reached from outside')
  }

  #key(): string {
    const { service, pods } = this.#options
    const { uid, resourceVersion } = service()?.metadata ?? {}
    return JSON.stringify([uid, resourceVersion, uid !== undefined && frontNodes(pods())])
  }
}
