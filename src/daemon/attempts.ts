/** One attempt each way: by port-forward to each replica in turn, by TCP to all addresses at once. */
import { INSTALLATION } from '../kube/resources.ts'
import type { Clock } from '../lib/clock.ts'
import type { Logger } from '../lib/logger.ts'
import type { Carrier } from './carrier.ts'
import { race } from './race.ts'
import type { Ways } from './ways.ts'

/** Between the addresses. */
const APART_MS = 100

export interface AttemptsOptions {
  ways: Ways
  /** Of the managers. */
  replicas: number
  clock: Clock
  logger: Logger
  /** A manager was not reached; nothing is tried that way before this resolves. */
  onFailed(error: Error): Promise<void>
}

export class Attempts {
  readonly #options: AttemptsOptions
  /** Replica that is next; the one after a failure is another one. */
  #next: number

  constructor(options: AttemptsOptions) {
    this.#options = options
    this.#next = Math.floor(Math.random() * options.replicas)
  }

  /** Each replica once. Rejects with the last failure, or with the signal's reason. */
  async forward(signal: AbortSignal): Promise<Carrier> {
    const { ways, replicas, logger, onFailed } = this.#options
    for (let tried = 1; ; tried++) {
      const pod = `${INSTALLATION.manager}-${this.#next++ % replicas}`
      try {
        return await ways.forward(pod, signal)
      } catch (error) {
        signal.throwIfAborted()
        logger.info({ pod, error: (error as Error).message }, 'manager not reached')
        await onFailed(error as Error)
        if (tried >= replicas) throw error
      }
    }
  }

  /** Rejects when no address leads to a manager, or with the signal's reason. */
  async direct(addresses: string[], signal: AbortSignal): Promise<Carrier> {
    const { ways, clock, logger } = this.#options
    try {
      return await race(
        addresses.map((address) => (either) => ways.direct(address, either)),
        { clock, signal, apartMs: APART_MS, discard: (late) => late.close() },
      )
    } catch (error) {
      signal.throwIfAborted()
      logger.debug({ addresses, error: (error as Error).message }, 'no manager reached by tcp')
      throw error
    }
  }
}
