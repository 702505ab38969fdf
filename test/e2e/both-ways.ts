/** What the scenarios with a cable stand on: a program on the laptop that pods reach, and a pod that programs on the laptop reach. */
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import type { Laptop } from './laptop.ts'
import { apply } from './manifests.ts'
import { untilReady } from './ready.ts'
import { type Settings, serverContainer, serverPod, Traffic } from './traffic.ts'

/** The same on the laptop: its program has the app's environment. */
const PORT = 7000
/** Tells the program from the app, which serves in the same way. */
const LAPTOP_MARK = 7
interface AppObject extends KubeObject {
  spec: object
}

/** The intercepted app. It has no probes: on a machine that is busy, the kubelet would end it and the agent with it. */
export const CALLED = 'called'
const labels = { app: CALLED }
const metadata = { name: CALLED, namespace: 'shop', labels }
const APP: AppObject[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ ...serverContainer({ ROLE: 'server', PORT: PORT }), ports: [{ containerPort: PORT }] }],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: labels, ports: [{ port: 80, targetPort: PORT }] },
  },
]

export class BothWays {
  readonly #laptop: Laptop
  readonly #client: KubeClient
  /** Serves in the cluster. */
  readonly pod: Traffic
  /** Serves on the laptop, for all connections to the intercepted app. */
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
    await apply(client, APP)
    await untilReady(client, 'shop')
    await laptop.remocalJson(['connect'])
    const pod = await serverPod(client, PORT)
    const attach = ['intercept', `deploy/${CALLED}`, '-n', 'shop', '--all', '--port', `80:${PORT}`, '--']
    const settings = { ROLE: 'server', PORT: PORT, MARK: LAPTOP_MARK }
    const program = Traffic.onLaptop((command, env) => laptop.start([...attach, ...command], { env }), settings)
    await program.printed(/^LISTENING/m)
    return new BothWays(laptop, client, pod, program)
  }

  /** A program on the laptop with connections into the cluster. */
  dial(settings: Settings): Traffic {
    const run = ['run', '-n', 'shop', '--']
    const into = { ROLE: 'client', ...settings, HOST: this.#address, PORT: PORT }
    const traffic = Traffic.onLaptop((command, env) => this.#laptop.start([...run, ...command], { env }), into)
    this.#clients.push(traffic)
    return traffic
  }

  /** A pod with connections to the app, which the laptop answers. */
  async call(settings: Settings): Promise<Traffic> {
    const to = { ROLE: 'client', MARK: LAPTOP_MARK, ...settings, HOST: CALLED, PORT: 80 }
    const { traffic } = await Traffic.inPod(this.#client, to)
    this.#clients.push(traffic)
    return traffic
  }

  /** Takes everything away. */
  async end(): Promise<void> {
    await Promise.all([...this.#clients, this.program, this.pod].map((one) => one.end()))
    for (const { apiVersion, kind } of APP) {
      await this.#client.delete({ apiVersion, kind, namespace: 'shop', name: CALLED })
    }
  }
}
