/** The program that gets an attachment's requests: in a network of its own, or on this laptop. */
import type { Socket } from 'node:net'
import type { InterceptPort } from '../../kube/resources.ts'
import { connectLaptop } from '../connect-laptop.ts'
import { listensHere } from '../listens-here.ts'
import type { Place } from '../place.ts'
import { ProgramTls, type Secure } from './program-tls.ts'

export interface ProgramOptions {
  ports: InterceptPort[]
  place: Place | undefined
  /** It speaks no TLS, whatever requests come in. */
  plaintext?: boolean
  /** Nobody answers at a port; said once for each time that it begins. */
  onUnheard(port: InterceptPort): void
}

export class Program {
  readonly #options: ProgramOptions
  /** Ports here at which the last request found nobody. */
  readonly #unheard = new Set<number>()
  readonly #tls: ProgramTls

  constructor(options: ProgramOptions) {
    this.#options = options
    this.#tls = new ProgramTls({ plaintext: options.plaintext === true, now: () => performance.now() })
  }

  get ports(): readonly InterceptPort[] {
    return this.#options.ports
  }

  /** Whether it has a network of its own, where no port is taken by others. */
  get isPlaced(): boolean {
    return this.#options.place !== undefined
  }

  /** The port of a container port; undefined when that is none of this attachment: an agent may not choose what it reaches here. */
  portOf(port: number): InterceptPort | undefined {
    return this.#options.ports.find((one) => one.port === port)
  }

  /**
   * @param secure the TLS that was around what it is connected for: it gets that too, if it speaks TLS
   * Rejects with the kernel's `code`.
   */
  async connect(port: InterceptPort, secure?: Secure): Promise<Socket> {
    if (secure === undefined) return this.#open(port)
    return this.#tls.connect(port.target, secure, () => this.#open(port))
  }

  async #open(port: InterceptPort): Promise<Socket> {
    const { place, onUnheard } = this.#options
    const { target } = port
    try {
      const socket = place === undefined ? await connectLaptop(target) : await place.connect(target)
      this.#unheard.delete(target)
      return socket
    } catch (error) {
      if (!this.#unheard.has(target)) onUnheard(port)
      this.#unheard.add(target)
      throw error
    }
  }

  /** Why requests find nobody here, as far as it is known. */
  get silence(): string | undefined {
    const { ports, place } = this.#options
    const silent = ports.find(({ target }) =>
      place === undefined ? !listensHere(target) : this.#unheard.has(target) && !place.listens(target),
    )
    if (silent === undefined) return undefined
    return `nothing listens on port ${silent.target} ${place === undefined ? 'of this laptop' : "in the program's network"}`
  }

  /** What a program that listens elsewhere, or not yet, is told. */
  unheard({ port, target }: InterceptPort): { what: string; hint: string } {
    const { place } = this.#options
    const others = place === undefined ? [] : place.listening
    const where = place === undefined ? 'of this laptop' : 'of the program'
    const hint = others.length === 0 ? '' : `; it listens on ${others.join(', ')}: --port ${port}:${others[0]}`
    return { what: `nothing listens on port ${target} ${where}`, hint }
  }
}
