/** Ends connections when they are quiet: those that it was told of, of ports that are taken, and no others. */
import type { Order } from './orders.ts'
import { Quiet } from './quiet.ts'
import { cookieOf, type Sample, type SockDiag } from './sock-diag.ts'

/** In one look: clients that all came back at once would be noticed. */
export const MOST_ENDED = 100

interface Watched {
  cookie: string
  quiet: Quiet
}

export interface EndQuietOptions {
  diag: Pick<SockDiag, 'established' | 'again' | 'end'>
  /** Ports that are taken now; asked only when one is to be ended. */
  taken(): ReadonlySet<number>
}

export class EndQuiet {
  readonly #options: EndQuietOptions
  /** Inodes by port. */
  #wanted = new Map<number, Set<number>>()
  /** By inode. */
  #watched = new Map<number, Watched>()

  constructor(options: EndQuietOptions) {
    this.#options = options
  }

  /** From now on these, and no others. */
  want(connections: Extract<Order, { connections: unknown }>['connections']): void {
    this.#wanted = new Map()
    for (const [port, inode] of connections) {
      const inodes = this.#wanted.get(port)
      if (inodes === undefined) this.#wanted.set(port, new Set([inode]))
      else inodes.add(inode)
    }
  }

  /** @returns how many it has ended. Throws what the kernel says; nothing was ended by that. */
  look(): number {
    const { diag, taken } = this.#options
    const watched = new Map<number, Watched>()
    const ready: Sample[] = []
    for (const [port, inodes] of this.#wanted) {
      for (const sample of diag.established(port)) {
        if (!inodes.has(sample.inode)) continue
        const one = this.#known(sample)
        watched.set(sample.inode, one)
        if (one.quiet.look(sample) && ready.length < MOST_ENDED) ready.push(sample)
      }
    }
    this.#watched = watched
    if (ready.length === 0) return 0
    const ports = taken()
    return ready.filter((sample) => ports.has(sample.port) && this.#end(sample)).length
  }

  /** A request may have come since: asked once more, a few microseconds before. */
  #end(sample: Sample): boolean {
    const { diag } = this.#options
    const now = diag.again(sample)
    if (now === undefined || now.dataIn !== sample.dataIn || now.dataOut !== sample.dataOut) return false
    return this.#watched.get(sample.inode)?.quiet.look(now) === true && diag.end(now)
  }

  /** The inode of one that has closed may be given to another one. */
  #known(sample: Sample): Watched {
    const cookie = cookieOf(sample)
    const known = this.#watched.get(sample.inode)
    return known?.cookie === cookie ? known : { cookie, quiet: new Quiet() }
  }
}
