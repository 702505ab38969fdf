/** Several people on one service: their daemons, their programs, their filters that come and go, and clients that check who answers. */
import assert from 'node:assert/strict'
import { main } from '../../src/cli/main.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import type { ConnectResult } from '../../src/lib/daemon-api.ts'
import { ClientPod, type PodProgram, scriptContainer, scriptVolumes } from './client-pod.ts'
import { apply } from './manifests.ts'
import { type Person, person } from './person.ts'
import { untilReady } from './ready.ts'
import { REMOCAL, type Running, remocal, remocalJson, startCommand } from './remocal.ts'
import { until } from './until.ts'

const PORT = 8080

export interface CrowdOptions {
  client: KubeClient
  kubeconfig: string
  /** Of the workload and its Service. */
  app: string
  /** What laptops run: `ROLE=server` with PORT and WHO, which prints SERVING. */
  file: string
  /** The same for pods; clients of it print `RESULT {...}` each second. */
  program: PodProgram
  /** Each takes one of the ports from here on. */
  firstPort: number
}

/** One who takes part. */
export interface Member {
  who: string
  options: string[]
  mark: string
  person: Person
  program: Running
  port: number
}

/** What a client has counted. */
export interface Counted {
  asked: number
  lost: number
  wrong: number
  /** Answers by who gave them. */
  of: Record<string, number>
  /** What went wrong first. */
  first: unknown[]
}

interface AppObject extends KubeObject {
  spec?: object
}

export class Crowd {
  readonly #options: CrowdOptions
  readonly #ends: (() => Promise<unknown>)[] = []
  #ports: number

  constructor(options: CrowdOptions) {
    this.#options = options
    this.#ports = options.firstPort
  }

  /** Three pods of the app. */
  async start(): Promise<void> {
    const { client } = this.#options
    this.#ends.push(() => this.#remove())
    await apply(client, this.#objects())
    await untilReady(client, 'shop')
  }

  /** A person with a daemon of their own, and their program on a port of its own. */
  async takePart(who: string, options: string[]): Promise<Member> {
    const { client, kubeconfig, app, file } = this.#options
    const one = await person(client, kubeconfig, `${app}-${who}`, 'remocal-developer')
    this.#ends.push(() => one.end())
    const { mark } = await remocalJson<ConnectResult>(['connect', '-n', 'shop'], { env: one.env })
    this.#ends.push(() => remocal(['quit'], { env: one.env }))
    const port = this.#ports++
    const program = startCommand(process.execPath, [file], { env: { ROLE: 'server', PORT: String(port), WHO: who } })
    this.#ends.push(() => program.end())
    await program.printed(/SERVING/)
    return { who, options, mark, person: one, program, port }
  }

  async begin(one: Member): Promise<void> {
    await remocalJson(this.#intercept(one), { env: one.person.env })
  }

  async comeAndGo(one: Member, times: number): Promise<void> {
    for (let count = 0; count < times; count++) {
      await command(one, ['leave', `deploy/${this.#options.app}`, '-n', 'shop'])
      await command(one, this.#intercept(one))
    }
  }

  /** A pod of clients. */
  async clients(env: Record<string, string>): Promise<ClientPod> {
    const { client, program } = this.#options
    const pod = new ClientPod(client, 'shop')
    this.#ends.push(() => pod.gone())
    await pod.start(program, env)
    return pod
  }

  async end(): Promise<void> {
    for (const end of this.#ends.reverse()) await end()
  }

  #intercept({ options, port }: Member): string[] {
    return ['intercept', `deploy/${this.#options.app}`, '-n', 'shop', '--port', `${PORT}:${port}`, ...options]
  }

  /** It has no probes: on a machine that is busy, the kubelet would end it and the agent with it. */
  #objects(): AppObject[] {
    const { app, program } = this.#options
    const labels = { app }
    const metadata = { name: app, namespace: 'shop', labels }
    const container = scriptContainer(program, { ROLE: 'server', PORT: String(PORT), WHO: 'app' })
    const containers = [{ ...container, ports: [{ containerPort: PORT }] }]
    const pod = { terminationGracePeriodSeconds: 0, containers, ...scriptVolumes(program) }
    const template = { metadata: { labels }, spec: pod }
    const spec = { replicas: 3, selector: { matchLabels: labels }, template }
    const service = { selector: labels, ports: [{ port: 80, targetPort: PORT }] }
    const files: (AppObject & { data: object })[] =
      typeof program === 'string'
        ? []
        : [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: program.name, namespace: 'shop' },
              data: { [program.file]: program.text },
            },
          ]
    return [
      ...files,
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec },
      { apiVersion: 'v1', kind: 'Service', metadata, spec: service },
    ]
  }

  async #remove(): Promise<void> {
    for (const { apiVersion, kind, metadata } of this.#objects()) {
      await this.#options.client.delete({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name })
    }
  }
}

/** The command line within this process: starting a process 400 times is not what is looked at. */
async function command({ person }: Member, argv: string[]): Promise<void> {
  let said = ''
  const hear = (text: string): void => {
    said += text
  }
  const env = { ...process.env, ...person.env }
  const io = { stdout: hear, stderr: hear, env, cwd: process.cwd(), entry: REMOCAL, terminal: false }
  const code = await main(argv, { ...io, stdin: async () => Buffer.alloc(0) })
  assert.equal(code, 0, `${argv.join(' ')}: ${said}`)
}

/** The last of those that clients said, after one more than they have said by now. */
export async function counted(pod: ClientPod): Promise<Counted> {
  const lines = async (): Promise<string[]> => (await pod.log()).match(/^RESULT .*$/gm) ?? []
  const before = (await lines()).length
  return until('a client says what it has counted', 30_000, async () => {
    const now = await lines()
    return now.length > before + 1 && (JSON.parse(now.at(-1)?.slice('RESULT '.length) ?? '') as Counted)
  })
}
