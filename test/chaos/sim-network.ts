/** Where the client of a run finds its next link, and what befalls the links. */
import type { FakeClock } from '../../src/lib/fake-clock.ts'
import type { Link } from '../../src/wire/link/link.ts'
import type { Random } from './random.ts'
import { SimCable } from './sim-link.ts'

export class SimNetwork {
  readonly #clock: FakeClock
  readonly #random: Random
  readonly #arrives: (link: Link) => void
  #current: SimCable | undefined
  /** No mischief any more. */
  calm = false
  /** No link can be had until then. */
  #darkUntil = 0
  /** The first words of each link, as somebody could have recorded them. */
  readonly #recorded: Buffer[] = []

  constructor(clock: FakeClock, random: Random, arrives: (link: Link) => void) {
    this.#clock = clock
    this.#random = random
    this.#arrives = arrives
  }

  connect(): Promise<Link> {
    const { promise, resolve, reject } = Promise.withResolvers<Link>()
    const takes = this.#random.int(0, this.calm ? 50 : 2000)
    this.#clock.after(takes, () => {
      if (this.#clock.now() < this.#darkUntil || (!this.calm && this.#random.chance(0.2))) {
        reject(new Error('no route'))
        return
      }
      const cable = new SimCable(this.#clock, this.#random, this.#random.int(0, 150))
      this.#current = cable
      this.#arrives(cable.ends[1])
      resolve(this.#recording(cable.ends[0]))
    })
    return promise
  }

  /** Something happens to the link, or to those that begin now. */
  mischief(): void {
    if (this.calm) return
    const random = this.#random
    const cable = this.#current
    switch (random.int(0, 6)) {
      case 0:
        cable?.cut()
        break
      case 1:
        cable?.blackHole()
        break
      case 2:
        cable?.half(random.chance(0.5) ? 0 : 1)
        break
      case 3:
        cable?.stall(random.int(1, 6000))
        break
      case 4:
        cable?.cut()
        this.#darkUntil = this.#clock.now() + random.int(100, 20_000)
        break
      case 5:
        this.#replay()
        break
      default:
        break
    }
  }

  /** Somebody says again what a client has said. */
  #replay(): void {
    const words = this.#recorded[this.#random.int(0, this.#recorded.length - 1)]
    if (words === undefined) return
    const cable = new SimCable(this.#clock, this.#random, 10)
    this.#arrives(cable.ends[1])
    cable.ends[0].bind({ onData() {}, onDrain() {}, onClose() {} })
    cable.ends[0].send(words)
  }

  #recording(link: Link): Link {
    let first = true
    return {
      name: link.name,
      bind: (handlers) => link.bind(handlers),
      send: (...pieces) => {
        if (first) this.#recorded.push(Buffer.concat(pieces))
        first = false
        return link.send(...pieces)
      },
      pause: () => link.pause(),
      resume: () => link.resume(),
      close: () => link.close(),
      reset: (reason) => link.reset(reason),
    }
  }
}
