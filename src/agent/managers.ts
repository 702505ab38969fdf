/** A carrier and a session to every manager, made again whenever it ends. */
import { lookup } from 'node:dns/promises'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import { acceptCircuit } from '../wire/carrier/accept-circuit.ts'
import { openCircuit } from '../wire/carrier/open-circuit.ts'
import { type ControlChannel, controlChannel } from '../wire/control.ts'
import type { Link } from '../wire/link/link.ts'
import { dialTcp } from '../wire/link/tcp.ts'
import type { ControlMessage } from '../wire/messages/control.ts'
import type { Hello } from '../wire/messages/hello.ts'
import { createMux } from '../wire/mux/mux.ts'
import type { Identity } from '../wire/session/contract.ts'
import { startSession } from '../wire/session/session.ts'

const RETRY_MS = { first: 50, most: 1000 }
/** How often the name of the managers is looked up again. */
const LOOKUP_MS = 5000
const DIAL_LIMIT_MS = 3000

export interface ManagersOptions {
  identity: Identity
  hello: Hello
  installationKey: string
  /** `host:port` each. */
  addresses: string[]
  /** `name:port`, or empty. */
  name: string
  clock: Clock
  logger: Logger
  onMessage(message: ControlMessage): void
  /** A daemon's circuit arrived. */
  onCircuit(link: Link): void
  /** A session with a manager stands: it wants a report. */
  onJoined(): void
}

export class Managers {
  readonly #options: ManagersOptions
  readonly #stop = new AbortController()
  /** Those that are joined, by address. */
  readonly #joined = new Map<string, { channel: ControlChannel; leave(): void }>()
  readonly #kept = new Map<string, Promise<void>>()
  #wished: Set<string>
  /** Addresses that the name has led to. */
  readonly #byName = new Set<string>()

  constructor(options: ManagersOptions) {
    this.#options = options
    this.#wished = new Set(options.addresses)
    this.#keepAll()
    if (options.name !== '') void this.#lookUp()
  }

  /** How many managers are joined now. */
  get joined(): number {
    return this.#joined.size
  }

  #onMessage(message: ControlMessage): void {
    if (message.kind === 'managers') this.#know(message.managers)
    else this.#options.onMessage(message)
  }

  /** All managers that there are, as a manager says it. */
  #know(addresses: string[]): void {
    if (addresses.length === 0) return
    this.#wished = new Set(addresses)
    this.#keepAll()
    this.#leaveService()
  }

  send(message: ControlMessage): void {
    for (const { channel } of this.#joined.values()) channel.send(message)
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the agent ends'))
    await Promise.allSettled(this.#kept.values())
  }

  /** What the managers said last is tried on as well. */
  #tryAlso(addresses: string[]): void {
    for (const address of addresses) this.#wished.add(address)
    this.#keepAll()
  }

  /** The Service's address, which leads to any manager, has served when one of them is joined at its own. */
  #leaveService(): void {
    if (![...this.#wished].some((address) => this.#joined.has(address))) return
    for (const [address, { leave }] of this.#joined) {
      if (this.#byName.has(address) && !this.#wished.has(address)) leave()
    }
  }

  #keepAll(): void {
    for (const address of this.#wished) {
      if (this.#kept.has(address) || this.#stop.signal.aborted) continue
      const kept = this.#keep(address).finally(() => this.#kept.delete(address))
      this.#kept.set(address, kept)
    }
  }

  /** Joins one manager again and again, as long as it is wished for. */
  async #keep(address: string): Promise<void> {
    const { logger } = this.#options
    let wait = RETRY_MS.first
    while (!this.#stop.signal.aborted) {
      try {
        await this.#join(address, () => {
          wait = RETRY_MS.first
        })
      } catch (error) {
        logger.debug({ manager: address, error: (error as Error).message }, 'manager not joined')
      }
      if (!this.#wished.has(address)) return
      await this.#pause(wait * (0.5 + Math.random() / 2))
      wait = Math.min(wait * 2, RETRY_MS.most)
    }
  }

  /** Resolves when the session that stood has ended. */
  async #join(address: string, joined: () => void): Promise<void> {
    const { identity, hello, installationKey, clock, logger, onCircuit, onJoined } = this.#options
    const { signal } = this.#stop
    const at = address.lastIndexOf(':')
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DIAL_LIMIT_MS)])
    const link = await dialTcp(address.slice(0, at), Number(address.slice(at + 1)), { signal: limit })
    const over = Promise.withResolvers<void>()
    const mux = createMux(link, {
      side: 'client',
      clock,
      handlers: {
        onFlow(flow, header) {
          const circuit = acceptCircuit(flow, header)
          if (circuit !== undefined) onCircuit(circuit.link)
        },
        onClose: () => over.resolve(),
      },
    })
    const end = (): void => mux.close()
    signal.addEventListener('abort', end, { once: true })
    try {
      const session = await startSession(openCircuit(mux, { to: 'manager' }), {
        side: 'client',
        identity,
        hello,
        clock,
        logger,
        signal,
        verify: (peer) =>
          peer.signedBy(installationKey) && peer.subject.startsWith('manager/')
            ? undefined
            : `${address} is not a manager of this installation`,
      })
      session.bind({ onStream: (opening) => opening.refuse('unknown', 'not here'), onClose: () => mux.close() })
      const { stream } = await session.open({ service: 'control' })
      this.#joined.set(address, {
        channel: controlChannel(stream, { onMessage: (message) => this.#onMessage(message) }),
        leave: end,
      })
      logger.info({ manager: session.hello.end, address }, 'manager joined')
      joined()
      onJoined()
      this.#leaveService()
      await over.promise
      logger.info({ address }, 'manager left')
    } finally {
      this.#joined.delete(address)
      signal.removeEventListener('abort', end)
      mux.close()
    }
  }

  /** Finds managers by name, for as long as none has said where all are. */
  async #lookUp(): Promise<void> {
    const { name, logger } = this.#options
    const at = name.lastIndexOf(':')
    while (!this.#stop.signal.aborted) {
      try {
        const found = await lookup(name.slice(0, at), { all: true })
        const addresses = found.map(({ address }) => `${address}${name.slice(at)}`)
        for (const address of addresses) this.#byName.add(address)
        if (this.joined === 0) this.#tryAlso(addresses)
      } catch (error) {
        logger.debug({ name, error: (error as Error).message }, 'managers not found by name')
      }
      await this.#pause(this.joined === 0 ? RETRY_MS.most : LOOKUP_MS)
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#options.clock.after(ms, resolve)
    const stop = (): void => resolve()
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
    return promise.finally(() => {
      timer.cancel()
      signal.removeEventListener('abort', stop)
    })
  }
}
