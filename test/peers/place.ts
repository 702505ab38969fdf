/** Two instances of a server, the agent before them, and relays where clients and servers do not show their bytes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { endsWithUs } from './children.ts'
import type { Client } from './client.ts'
import type { Kind } from './kind.ts'
import { Relay } from './relay.ts'
import type { Run } from './run.ts'
import type { Slots } from './slots.ts'
import type { Started } from './started.ts'

export type Way = 'direct' | 'agent'
const LIMIT_MS = 10_000

export class Place {
  readonly #servers: Started[]
  /** Before the agent, or before a server where there is no agent; before each server. */
  readonly #front: Relay
  readonly #back: [app: Relay, laptop: Relay]
  readonly #agent: { port: number; close(): Promise<void> }

  private constructor(servers: Started[], front: Relay, back: [Relay, Relay], agent: Place['agent']) {
    this.#servers = servers
    this.#front = front
    this.#back = back
    this.#agent = agent
  }

  static async start(kind: Kind): Promise<Place> {
    const [app, laptop] = await Promise.all([kind.start('app'), kind.start('laptop')])
    const back: [Relay, Relay] = [new Relay(app.port), new Relay(laptop.port)]
    const front = new Relay(0)
    await Promise.all([front, ...back].map((relay) => relay.start()))
    return new Place([app, laptop], front, back, await agentBefore(back[0].port, back[1].port))
  }

  get agent(): { port: number; close(): Promise<void> } {
    return this.#agent
  }

  /** Ports of the two servers. */
  get direct(): [app: number, laptop: number] {
    return [this.#back[0].port, this.#back[1].port]
  }

  /** @param user `jane`, whose requests go to the second server, or empty */
  async run(client: Client, cases: string[], way: Way, user: string, slots: Slots): Promise<Run> {
    this.#front.to = way === 'agent' ? this.#agent.port : (this.#back[user === '' ? 0 : 1]?.port ?? 0)
    const ask = (): Promise<string> => client.run(this.#front.port, user, cases)
    const said = await (client.waits === true ? ask() : slots.with(ask))
    const [front, app, laptop] = await Promise.all([this.#front, ...this.#back].map((relay) => relay.taken(LIMIT_MS)))
    const [used = [], other = []] = user === '' ? [app, laptop] : [laptop, app]
    // While a client is silent the agent connects it to the app, which might speak first; nothing is said there, and it is ended when the client asks.
    const asked = other.filter(({ sent }) => sent.length > 0)
    if (asked.length > 0) throw new Error(`${asked.length} connections went to the other server`)
    return { said, client: front ?? [], server: used }
  }

  /** What was recorded of what is no run. */
  async forget(): Promise<void> {
    await Promise.all([this.#front, ...this.#back].map((relay) => relay.taken(LIMIT_MS)))
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent, this.#front, ...this.#back, ...this.#servers].map((one) => one.close()))
  }
}

async function agentBefore(app: number, laptop: number): Promise<Place['agent']> {
  const program = join(import.meta.dirname, 'agent-process.ts')
  const child = spawn(process.execPath, [program, String(app), String(laptop)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endsWithUs(child)
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer]
  const over = once(child, 'exit')
  return {
    port: Number(bytes.toString()),
    async close() {
      child.kill('SIGKILL')
      await over
    },
  }
}
