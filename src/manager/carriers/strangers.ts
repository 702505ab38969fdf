/** Connections that have proved no key yet: there may be so many at once, and fewer of one address. */

const MAX_STRANGERS = 2048
const MAX_OF_ADDRESS = 64
/** All port-forwards of daemons come from the pod's own loopback. */
const MAX_OF_LOOPBACK = 1024

export class Strangers {
  readonly #byAddress = new Map<string, number>()
  #count = 0

  /** @returns what to call, once or more, when the connection has proved a key or is over; undefined: it may not stay */
  enter(address: string): (() => void) | undefined {
    const count = this.#byAddress.get(address) ?? 0
    const max = isLoopback(address) ? MAX_OF_LOOPBACK : MAX_OF_ADDRESS
    if (count >= max || this.#count >= MAX_STRANGERS) return undefined
    this.#byAddress.set(address, count + 1)
    this.#count++
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      this.#count--
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left === 0) this.#byAddress.delete(address)
      else this.#byAddress.set(address, left)
    }
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
