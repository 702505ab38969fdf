/** A steady load from inside the cluster, of which each answer's time is known. */
import type { KubeClient } from '../../src/kube/client.ts'
import { ClientPod } from '../../test/e2e/client-pod.ts'

/** So many a second at fixed times, whether the ones before were answered or not; a body, so that copies of them fill what they can fill. */
const RATE = 100
const BODY_BYTES = 16 * 1024

/** Prints for each second `SECOND {"at": its end in ms, "ms": [time of each answer]}`. */
const ASKING = `
import http from 'node:http'
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
const body = Buffer.alloc(${BODY_BYTES}, 'x')
let ms = []
function ask() {
  const startedAt = performance.now()
  const end = (failed) => ms.push(failed ? 1e6 : Math.round((performance.now() - startedAt) * 100) / 100)
  // Connections that are older than a wiretap go past the agent: none gets old.
  const headers = asked % 8 === 0 ? { connection: 'close' } : {}
  http.request({ host: 'orders', path: '/orders/1', method: 'POST', agent, headers }, (response) => {
    response.resume().on('end', () => end(response.statusCode !== 200)).on('error', () => end(true))
  }).on('error', () => end(true)).end(body)
}
const beganAt = performance.now()
let asked = 0
setInterval(() => { while (asked < (performance.now() - beganAt) / 1000 * ${RATE}) { asked++; ask() } }, 2)
setInterval(() => { console.log('SECOND ' + JSON.stringify({ at: Date.now(), ms })); ms = [] }, 1000)
`

interface Second {
  at: number
  ms: number[]
}

export class SteadyLoad {
  readonly #pod: ClientPod

  constructor(client: KubeClient) {
    this.#pod = new ClientPod(client, 'shop')
  }

  async start(): Promise<void> {
    await this.#pod.start(ASKING)
    await this.#pod.printed(/SECOND/)
  }

  /** What 99 % of the answers between two times took at most, in milliseconds. Throws when a request failed. */
  async p99(from: number, to: number): Promise<number> {
    const seconds = [...(await this.#pod.log()).matchAll(/^SECOND (.*)$/gm)].map(
      (line) => JSON.parse(line[1] ?? '') as Second,
    )
    const all = seconds.filter(({ at }) => at - 1000 >= from && at <= to).flatMap(({ ms }) => ms)
    const sorted = all.sort((left, right) => left - right)
    const failed = sorted.filter((one) => one >= 1e6).length
    if (failed > 0) throw new Error(`${failed} of ${sorted.length} requests failed`)
    const value = sorted[Math.floor(sorted.length * 0.99)]
    if (value === undefined) throw new Error('nothing was answered')
    return value
  }

  end(): Promise<void> {
    return this.#pod.end()
  }
}
