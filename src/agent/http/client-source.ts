/** Who a connection's client is; asked of the kernel and of managers only when somebody wants to know. */
import type { Socket } from 'node:net'
import type { FilterSource } from '../../lib/filter/request.ts'
import type { Routing } from '../routing.ts'

export class ClientSource implements FilterSource {
  readonly #client: Socket
  readonly #routing: Routing
  #known: FilterSource | undefined

  constructor(client: Socket, routing: Routing) {
    this.#client = client
    this.#routing = routing
  }

  get ip(): string {
    // IPv4 on a socket for both.
    return (this.#client.remoteAddress ?? '').replace(/^::ffff:/, '')
  }

  get pod(): string {
    return this.#known?.pod ?? ''
  }

  get namespace(): string {
    return this.#known?.namespace ?? ''
  }

  /** `<ip>:<port>`. */
  get address(): string {
    return `${this.ip}:${this.#client.remotePort}`
  }

  get isKnown(): boolean {
    return this.#known !== undefined
  }

  /** Resolves when pod and namespace are known, as far as they can be. */
  async learn(): Promise<void> {
    this.#known ??= await this.#routing.source(this.ip)
  }
}
