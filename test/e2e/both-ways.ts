/** What the scenarios with a cable stand on: a program on the laptop that pods reach, and a pod that programs on the laptop reach. */
import { randomBytes } from 'node:crypto'
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
function objectsOf(name: string): AppObject[] {
  const labels = { app: name }
  const metadata = { name, namespace: 'shop', labels }
  const containers = [{ ...serverContainer({ ROLE: 'server', PORT }), ports: [{ containerPort: PORT }] }]
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers } }
  const spec = { replicas: 2, selector: { matchLabels: labels }, template }
  const service = { selector: labels, ports: [{ port: 80, targetPort: PORT }] }
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: service },
  ]
}

export class BothWays {
  /** Name of the intercepted app, another one each time: a resolver may remember where an earlier one was. */
  readonly app: string
  /** Serves in the cluster. */
  readonly pod: Traffic
  /** Serves on the laptop, for all connections to the app. */
  readonly program: Traffic
  readonly #laptop: Laptop
  readonly #client: KubeClient
  readonly #address: string
  readonly #clients: Traffic[] = []

  private constructor(
    { app, pod, program, address }: Pick<BothWays, 'app' | 'pod' | 'program'> & { address: string },
    laptop: Laptop,
    client: KubeClient,
  ) {
    this.app = app
    this.pod = pod
    this.program = program
    this.#address = address
    this.#laptop = laptop
    this.#client = client
  }

  static async start(laptop: Laptop, client: KubeClient): Promise<BothWays> {
    const app = `called-${randomBytes(3).toString('hex')}`
    await apply(client, objectsOf(app))
    await untilReady(client, 'shop')
    await laptop.remocalJson(['connect'])
    const { traffic: pod, address } = await serverPod(client, PORT)
    const attach = ['intercept', `deploy/${app}`, '-n', 'shop', '--all', '--port', `80:${PORT}`, '--']
    const settings = { ROLE: 'server', PORT, MARK: LAPTOP_MARK }
    const program = Traffic.onLaptop((command, env) => laptop.start([...attach, ...command], { env }), settings)
    await program.printed(/^LISTENING/m)
    return new BothWays({ app, pod, program, address }, laptop, client)
  }

  /** A program on the laptop with connections into the cluster. */
  dial(settings: Settings): Traffic {
    const run = ['run', '-n', 'shop', '--']
    const into = { ROLE: 'client', ...settings, HOST: this.#address, PORT }
    const traffic = Traffic.onLaptop((command, env) => this.#laptop.start([...run, ...command], { env }), into)
    this.#clients.push(traffic)
    return traffic
  }

  /** A pod with connections to the app, which the laptop answers. */
  async call(settings: Settings): Promise<Traffic> {
    const to = { ROLE: 'client', MARK: LAPTOP_MARK, ...settings, HOST: this.app, PORT: 80 }
    const { traffic } = await Traffic.inPod(this.#client, to)
    this.#clients.push(traffic)
    return traffic
  }

  /** Takes everything away. */
  async end(): Promise<void> {
    await Promise.all([...this.#clients, this.program, this.pod].map((one) => one.end()))
    for (const { apiVersion, kind } of objectsOf(this.app)) {
      await this.#client.delete({ apiVersion, kind, namespace: 'shop', name: this.app })
    }
  }
}
