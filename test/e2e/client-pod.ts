/** A pod inside the cluster that sends requests and counts who answered: what the cluster's own clients see. */
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { until } from './until.ts'

interface Pod extends KubeObject {
  spec: object
  status?: { phase?: string; containerStatuses?: { state?: { waiting?: { reason?: string } } }[] }
}

/** What a pod runs: the text of an ES module, or a file of a ConfigMap, where it is too large for an argument. */
export type PodProgram = string | { name: string; file: string; text: string }

const MOUNT = '/var/program'

/** A container of the shop's image that runs `program`. */
export function scriptContainer(program: PodProgram, env: Record<string, string>): object {
  const base = {
    name: 'client',
    image: 'remocal-shop:dev',
    imagePullPolicy: 'IfNotPresent',
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  }
  if (typeof program === 'string') return { ...base, args: ['--input-type=module', '-e', program] }
  return {
    ...base,
    args: [`${MOUNT}/${program.file}`],
    volumeMounts: [{ name: 'program', mountPath: MOUNT, readOnly: true }],
  }
}

/** What belongs beside such a container. */
export function scriptVolumes(program: PodProgram): object {
  return typeof program === 'string' ? {} : { volumes: [{ name: 'program', configMap: { name: program.name } }] }
}

/** A pod of the shop's image that runs a program. `end()` takes it away. */
export class ClientPod {
  readonly name: string = `client-${randomBytes(3).toString('hex')}`
  readonly #client: KubeClient
  readonly #namespace: string

  constructor(client: KubeClient, namespace: string) {
    this.#client = client
    this.#namespace = namespace
  }

  /** @param program whose ConfigMap is there, if it needs one */
  async start(program: PodProgram, env: Record<string, string> = {}): Promise<void> {
    const container = scriptContainer(program, env)
    await this.#client.create<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: this.name, namespace: this.#namespace, labels: { app: 'e2e-client' } },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [container],
        ...scriptVolumes(program),
      },
    })
  }

  /** Waits until the log has a line that `pattern` matches. */
  async printed(pattern: RegExp, limitMs = 60_000): Promise<RegExpMatchArray> {
    const endsAt = Date.now() + limitMs
    let log = ''
    for (;;) {
      log = await this.log().catch(() => '')
      const match = log.match(pattern)
      if (match !== null) return match
      if (Date.now() > endsAt)
        throw new Error(`pod ${this.name} did not print ${pattern} within ${limitMs} ms:\n${log}`)
      await delay(100)
    }
  }

  /** The whole log, up to 8 MiB. */
  log(): Promise<string> {
    return this.#client.log({ namespace: this.#namespace, name: this.name, limitBytes: 8 * 1024 * 1024 })
  }

  async end(): Promise<void> {
    const path = { apiVersion: 'v1', kind: 'Pod', namespace: this.#namespace, name: this.name }
    await this.#client.delete(path, { gracePeriodSeconds: 0 })
  }

  /** Takes the pod away and waits until its processes have ended: of a pod that is ended without a grace time the cluster does not say when. */
  async gone(): Promise<void> {
    const path = { apiVersion: 'v1', kind: 'Pod', namespace: this.#namespace, name: this.name }
    await this.#client.delete(path, { gracePeriodSeconds: 1 })
    await until(`pod ${this.name} is gone`, 60_000, async () => {
      const { items } = await this.#client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: this.#namespace })
      return items.every(({ metadata }) => metadata.name !== this.name)
    })
  }
}

/** Sends COUNT requests to URL, every second one with HEADER (`name: value`); prints BEGIN, then how many answers came from where. */
export const COUNTING: string = `
const [name, value] = process.env.HEADER.split(': ')
const seen = { marked: {}, plain: {}, failed: 0 }
const queue = Array.from({ length: Number(process.env.COUNT) }, (_, n) => n)
async function worker() {
  for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
    const kind = n % 2 ? 'marked' : 'plain'
    try {
      const response = await fetch(process.env.URL, { headers: n % 2 ? { [name]: value } : {}, signal: AbortSignal.timeout(10000) })
      const { host } = await response.json()
      const who = response.ok ? host : 'HTTP ' + response.status
      seen[kind][who] = (seen[kind][who] ?? 0) + 1
    } catch (error) { seen.failed++; console.error(String(error.cause ?? error)) }
  }
}
console.log('BEGIN')
await Promise.all(Array.from({ length: 8 }, worker))
console.log('RESULT ' + JSON.stringify(seen))
`

/** Opens CONNECTIONS keep-alive connections to HOST:80 and asks on each every 100 ms; prints what it has counted each second. `least`: answers of the connection that has fewest. */
export const KEEPING: string = `
import http from 'node:http'
const seen = { opened: 0, failed: 0, reopened: 0 }
const total = Number(process.env.CONNECTIONS)
const answers = Array.from({ length: total }, () => 0)
async function keep(_, number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  let first
  for (;;) {
    await new Promise((resolve) => {
      const request = http.get({ host: process.env.HOST, path: '/orders/1', agent, timeout: 10000 }, (response) => {
        response.resume().on('end', () => { answers[number]++; resolve() })
      })
      request.on('socket', (socket) => {
        if (!first) { first = socket; if (++seen.opened === total) console.log('OPENED') } else if (socket !== first) { first = socket; seen.reopened++ }
      })
      request.on('error', () => { seen.failed++; resolve() }).on('timeout', () => request.destroy(new Error('timeout')))
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
setInterval(() => console.log('RESULT ' + JSON.stringify({ ...seen, least: Math.min(...answers) })), 1000)
await Promise.all(answers.map(keep))
`
