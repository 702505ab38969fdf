/** What the scenarios with a cable stand on: a program on the laptop that a pod reaches, and a pod that a program on the laptop reaches. */
import type { KubeClient } from '../../src/kube/client.ts'
import type { Laptop } from './laptop.ts'
import { type Settings, serverPod, Traffic } from './traffic.ts'

const POD_PORT = 7000
const LAPTOP_PORT = 7001

export class BothWays {
  readonly #laptop: Laptop
  readonly #client: KubeClient
  /** Serves in the cluster. */
  readonly pod: Traffic
  /** Serves on the laptop, for all connections to service `orders`. */
  readonly program: Traffic
  readonly #address: string
  readonly #clients: Traffic[] = []

  private constructor(
    laptop: Laptop,
    client: KubeClient,
    pod: { traffic: Traffic; address: string },
    program: Traffic,
  ) {
    this.#laptop = laptop
    this.#client = client
    this.pod = pod.traffic
    this.#address = pod.address
    this.program = program
  }

  static async start(laptop: Laptop, client: KubeClient): Promise<BothWays> {
    await laptop.remocalJson(['connect'])
    const pod = await serverPod(client, POD_PORT)
    const attach = ['intercept', 'deploy/orders', '-n', 'shop', '--all', '--port', `80:${LAPTOP_PORT}`, '--']
    const settings = { ROLE: 'server', PORT: LAPTOP_PORT }
    const program = Traffic.onLaptop((command, env) => laptop.start([...attach, ...command], { env }), settings)
    await program.printed(/^LISTENING/m)
    return new BothWays(laptop, client, pod, program)
  }

  /** A program on the laptop with connections into the cluster. */
  dial(settings: Settings): Traffic {
    const run = ['run', '-n', 'shop', '--']
    const into = { ROLE: 'client', ...settings, HOST: this.#address, PORT: POD_PORT }
    const traffic = Traffic.onLaptop((command, env) => this.#laptop.start([...run, ...command], { env }), into)
    this.#clients.push(traffic)
    return traffic
  }

  /** A pod with connections to `orders`, which the laptop answers. */
  async call(settings: Settings): Promise<Traffic> {
    const to = { ROLE: 'client', ...settings, HOST: 'orders', PORT: 80 }
    const { traffic } = await Traffic.inPod(this.#client, to)
    this.#clients.push(traffic)
    return traffic
  }

  /** Takes everything away. */
  async end(): Promise<void> {
    await Promise.all([...this.#clients, this.program, this.pod].map((one) => one.end()))
  }
}
