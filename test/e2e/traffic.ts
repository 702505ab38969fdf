/** Checked traffic in a pod or behind `remocal` on a laptop: starts `programs/traffic.js` there and reads what it prints. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/resources.ts'
import { ClientPod, scriptContainer } from './client-pod.ts'
import { type Process, processes } from './processes.ts'
import type { Running } from './remocal.ts'
import { until } from './until.ts'

const SCRIPT = readFileSync(join(import.meta.dirname, 'programs/traffic.js'), 'utf8')
const ARGUMENTS = ['--input-type=module', '-e', SCRIPT]

/** Characters of the end of what was printed, when it was not what was waited for. */
const SHOWN = 2000

export type Settings = Record<string, string | number>

/** What a client says of all its connections. Times are this machine's. */
export interface Report {
  now: number
  /** When the connection that moved checked bytes least lately did. */
  oldest: number
  /** Connections that are open. */
  left: number
  /** How many were opened, lost, and ended with every byte back. */
  open: number
  lost: number
  whole: number
  bytes: number
  wrong: number
}

/** A time in which at least one connection moved nothing. */
export interface Pause {
  since: number
  until: number
}

/** Starts a program on a laptop. */
type Start = (program: string[], env: Record<string, string>) => Running

export class Traffic {
  readonly #id: string
  readonly #read: () => Promise<string>
  readonly #end: () => Promise<unknown>

  private constructor(id: string, read: () => Promise<string>, end: () => Promise<unknown>) {
    this.#id = id
    this.#read = read
    this.#end = end
  }

  /** In a pod of namespace `shop`. @returns it and the pod's name */
  static async inPod(client: KubeClient, settings: Settings): Promise<{ traffic: Traffic; pod: string }> {
    const id = identity()
    const pod = new ClientPod(client, 'shop')
    await pod.start(SCRIPT, { ...texts(settings), TRAFFIC: id, STAY: '1' })
    const end = (): Promise<void> => pod.end()
    return { traffic: new Traffic(id, () => pod.log(), end), pod: pod.name }
  }

  /** On a laptop, by a command such as `remocal run`. */
  static onLaptop(start: Start, settings: Settings): Traffic {
    const id = identity()
    const running = start([process.execPath, ...ARGUMENTS], { ...texts(settings), TRAFFIC: id })
    return new Traffic(
      id,
      async () => running.output(),
      () => running.end(),
    )
  }

  /** All that it printed. */
  text(): Promise<string> {
    return this.#read()
  }

  /** Waits until a line matches. */
  async printed(pattern: RegExp, limitMs = 60_000): Promise<RegExpMatchArray> {
    try {
      return await until(`${pattern}`, limitMs, async () => (await this.text()).match(pattern) ?? undefined)
    } catch (error) {
      throw new Error(`${pattern} was not printed:\n${(await this.text()).slice(-SHOWN)}`, { cause: error })
    }
  }

  /** The last report. */
  async report(): Promise<Report | undefined> {
    return (await this.reports()).at(-1)
  }

  async reports(): Promise<Report[]> {
    return parse<Report>(await this.text(), /^AT (.*)$/gm)
  }

  async pauses(): Promise<Pause[]> {
    const lines = [...(await this.text()).matchAll(/^PAUSED (\d+) (\d+)$/gm)]
    return lines.map(([, since, until]) => ({ since: Number(since), until: Number(until) }))
  }

  /** Waits until every connection has moved checked bytes after `since`. Rejects at once when one was lost. */
  async moved(since: number, limitMs: number): Promise<void> {
    const lost = await until(`all connections move bytes after ${new Date(since).toISOString()}`, limitMs, async () => {
      const report = await this.report()
      return report !== undefined && (report.lost > 0 || report.oldest > since) ? report.lost : undefined
    })
    if (lost > 0)
      throw new Error(`${lost} connections were lost:\n${(await this.text()).match(/^LOST.*$/gm)?.join('\n')}`)
  }

  /** How connections ended that it served, and when. */
  async ended(): Promise<{ how: string; at: number }[]> {
    const lines = [...(await this.text()).matchAll(/^ENDED (\S+) (\d+)$/gm)]
    return lines.map(([, how = '', at]) => ({ how, at: Number(at) }))
  }

  /** How connections ended that it made and did not end itself, and when. */
  async lost(): Promise<{ how: string; at: number }[]> {
    const lines = [...(await this.text()).matchAll(/^LOST \d+ (\S+) (\d+)/gm)]
    return lines.map(([, how = '', at]) => ({ how, at: Number(at) }))
  }

  /** The same as it was printed, with how many bytes there were. */
  async lostLines(): Promise<string[]> {
    return (await this.text()).match(/^LOST.*$/gm) ?? []
  }

  /** The program's process, which is this machine's too. */
  process(): Process {
    const own = ({ environment }: Process): boolean => environment.split('\n').includes(`TRAFFIC=${this.#id}`)
    const [found] = processes(/^\S*node --input-type=module -e/).filter(own)
    if (found === undefined) throw new Error('the program was not found')
    return found
  }

  /** Ends all connections in order. @returns what came of them */
  async finish(limitMs = 30_000): Promise<Omit<Report, 'now' | 'oldest' | 'left'>> {
    process.kill(this.process().pid, 'SIGTERM')
    return JSON.parse((await this.printed(/^RESULT (.*)$/m, limitMs))[1] ?? '')
  }

  async end(): Promise<void> {
    await this.#end()
  }
}

interface Pod extends KubeObject {
  status?: { podIP?: string; phase?: string }
}

/** The container of an app that serves. */
export function serverContainer(settings: Settings): object {
  return scriptContainer(SCRIPT, texts(settings))
}

/** A server in a pod of its own. @returns it and its address, once it listens */
export async function serverPod(client: KubeClient, port: number): Promise<{ traffic: Traffic; address: string }> {
  const { traffic, pod: name } = await Traffic.inPod(client, { ROLE: 'server', PORT: port })
  await traffic.printed(/^LISTENING/m)
  const { status } = await client.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name })
  return { traffic, address: status?.podIP ?? '' }
}

function identity(): string {
  return randomBytes(6).toString('hex')
}

function texts(settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
}

function parse<T>(text: string, pattern: RegExp): T[] {
  return [...text.matchAll(pattern)].map(([, json = '']) => JSON.parse(json) as T)
}
