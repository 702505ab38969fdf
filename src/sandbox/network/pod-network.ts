/** Addresses and interfaces of pods. */
import { ip } from './commands.ts'

export const NODE_ADDRESS = '10.244.0.1'
export const POD_CIDR = '10.244.0.0/16'
export const SERVICE_CIDR = '10.97.0.0/16'
export const DNS_ADDRESS = '10.97.0.10'
const FIRST = 10

/** What the sandbox's own namespace needs before the first pod. */
export async function setUpNode(writeFile: (path: string, text: string) => void): Promise<void> {
  await ip([
    'link set lo up',
    `address add ${NODE_ADDRESS}/32 dev lo`,
    // What no Service has is ours, so that connections to it are refused instead of lost.
    `route add local ${SERVICE_CIDR} dev lo src ${NODE_ADDRESS}`,
  ])
  writeFile('/proc/sys/net/ipv4/ip_forward', '1')
}

export class PodNetwork {
  readonly #taken = new Set<number>()
  #next = FIRST

  /** Joins the network namespace of process `pid` and gives it an address. */
  async join(pid: number): Promise<string> {
    const number = this.#free()
    const address = `10.244.${number >> 8}.${number & 255}`
    const host = `pod${number}`
    try {
      await ip([
        `link add ${host} type veth peer name eth0 netns ${pid}`,
        `link set ${host} up`,
        `route add ${address}/32 dev ${host}`,
      ])
      await ip(
        [
          'link set lo up',
          `address add ${address}/32 dev eth0`,
          'link set eth0 up',
          `route add ${NODE_ADDRESS} dev eth0`,
          `route add default via ${NODE_ADDRESS} dev eth0`,
        ],
        pid,
      )
    } catch (error) {
      this.#taken.delete(number)
      throw error
    }
    return address
  }

  /** The pod is gone, its interface with its namespace. */
  leave(address: string): void {
    const [, , high = 0, low = 0] = address.split('.').map(Number)
    this.#taken.delete(high * 256 + low)
  }

  #free(): number {
    for (let tries = 0; tries < 60_000; tries++) {
      const number = this.#next
      this.#next = number >= 60_000 ? FIRST : number + 1
      const low = number & 255
      if (low === 0 || low === 255 || this.#taken.has(number)) continue
      this.#taken.add(number)
      return number
    }
    throw new Error('no pod address is free')
  }
}
