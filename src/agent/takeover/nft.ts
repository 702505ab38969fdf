/** One `nft -i` for the agent's life: it owns the table, which goes when it goes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'

const ANSWER_MS = 5000
/** nft says this of a chain at the end of its listing: what came before it was done. */
const LISTED = /policy accept;/
const TIMEOUT = '3s'

/** `tproxy` leaves addresses and open connections as they are; `redirect` is for kernels that lack it. */
export type TakeoverMode = 'tproxy' | 'redirect'

export interface NftPipes {
  stdin: Writable
  stdout: Readable
  stderr: Readable
}

export interface TableShape {
  mode: TakeoverMode
  /** The table goes with nft. Kernels before 5.12 do not know it. */
  owned: boolean
  /** Port of the listener that takes the connections. */
  port: number
  families: ('ip' | 'ip6')[]
}

/** Starts nft. Needs CAP_NET_ADMIN; what it is told later needs nothing of whoever tells it. */
export function spawnNft(): ChildProcessByStdio<Writable, Readable, Readable> {
  const { PATH = '' } = process.env
  return spawn('nft', ['-i'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: `${PATH}:/usr/sbin:/sbin`, TERM: 'dumb' },
  })
}

export class NftTable {
  readonly #pipes: NftPipes
  readonly #name: string
  readonly #clock: Clock
  #output = ''
  #errors = ''
  #over = false
  #heard: (() => void) | undefined
  #queue: Promise<unknown> = Promise.resolve()
  /** Called once when nft ends by itself. */
  onExit: (reason: string) => void = () => {}

  /** @param name of the table, see `tableName` */
  constructor(pipes: NftPipes, clock: Clock, name: string) {
    this.#pipes = pipes
    this.#name = name
    this.#clock = clock
    pipes.stdin.on('error', () => {})
    pipes.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-100_000)
      this.#heard?.()
    })
    pipes.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2000)
      this.#heard?.()
    })
    pipes.stdout.on('error', () => {}).once('close', () => this.#exited())
    pipes.stderr.on('error', () => {})
  }

  /** Makes the table. Rejects with nft's own words. */
  async create(shape: TableShape): Promise<void> {
    await this.#tell([
      // Without an owner an earlier agent's table may be there still.
      ...(shape.owned ? [] : [`add table inet ${this.#name}; delete table inet ${this.#name}`]),
      `add table inet ${this.#name} ${shape.owned ? '{ flags owner; }' : ''}`,
      `add set inet ${this.#name} taken { type inet_service; flags timeout; }`,
      ...rules(this.#name, shape),
    ])
  }

  /**
   * Takes `ports` for the next three seconds and gives `given` back. Adding alone would renew nothing.
   * @returns the ports that are taken then, as the kernel has them. Rejects with nft's own words.
   */
  async take(ports: number[], given: number[]): Promise<Set<number>> {
    const commands = given.map((port) => `add ${element(this.#name, port)}; delete ${element(this.#name, port, '')}`)
    commands.push(
      ...ports.map(
        (port) =>
          `add ${element(this.#name, port)}; delete ${element(this.#name, port, '')}; add ${element(this.#name, port)}`,
      ),
    )
    const listing = await this.#tell(commands.length > 0 ? [commands.join('; ')] : [])
    return takenIn(listing)
  }

  /** Removes the table and ends nft; resolves when that has ended, or does not in time. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.after(ANSWER_MS, resolve)
    this.onExit = () => resolve()
    if (this.#over) resolve()
    this.#pipes.stdin.end(`delete table inet ${this.#name}\n`)
    await promise
    timer.cancel()
  }

  #exited(): void {
    this.#over = true
    this.#heard?.()
    this.onExit(this.#problem() ?? 'nft ended')
  }

  /** Tells nft these lines, one transaction each, after those of before. @returns the table's listing then */
  #tell(lines: string[]): Promise<string> {
    const told = this.#queue.then(() => this.#ask(lines))
    this.#queue = told.catch(() => {})
    return told
  }

  async #ask(lines: string[]): Promise<string> {
    this.#output = ''
    this.#errors = ''
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const timer = this.#clock.after(ANSWER_MS, () => reject(new Error(this.#problem() ?? 'nft does not answer')))
    this.#heard = () => {
      if (/Error/.test(this.#errors)) reject(new Error(this.#problem()))
      else if (this.#over) reject(new Error(this.#problem() ?? 'nft has ended'))
      else if (LISTED.test(this.#output)) resolve(this.#output)
    }
    this.#pipes.stdin.write(`${[...lines, `list table inet ${this.#name}`].join('\n')}\n`)
    this.#heard()
    try {
      return await promise
    } finally {
      timer.cancel()
      this.#heard = undefined
    }
  }

  /** Its first complaint, in one line; the lines after it repeat the command. */
  #problem(): string | undefined {
    const line = this.#errors.trim().split('\n', 1)[0]
    return line === undefined || line === '' ? undefined : `nft: ${line}`
  }
}

/**
 * An agent that another one follows may linger beside it, and nobody may touch a table that has an owner: so each has its
 * own, by its port. A table without an owner outlives its agent; the next one must find and remove it.
 */
export function tableName({ owned, port }: Pick<TableShape, 'owned' | 'port'>): string {
  return owned ? `remocal-${port}` : 'remocal'
}

function rules(name: string, { mode, port, families }: TableShape): string[] {
  const hook =
    mode === 'tproxy' ? 'type filter hook prerouting priority mangle' : 'type nat hook prerouting priority dstnat'
  const chain = `add chain inet ${name} pre { ${hook}; policy accept; }`
  if (mode === 'redirect') {
    // Only what begins a connection: those that are open would be reset.
    const first = 'tcp flags & (fin | syn | rst | ack) == syn'
    return [chain, `add rule inet ${name} pre iif != "lo" ${first} tcp dport @taken redirect to :${port}`]
  }
  return [
    chain,
    ...families.map((family) => {
      const protocol = family === 'ip' ? 'ipv4' : 'ipv6'
      return `add rule inet ${name} pre iif != "lo" meta nfproto ${protocol} tcp dport @taken tproxy ${family} to :${port}`
    }),
  ]
}

/** The set's elements in a listing: `elements = { 8080 timeout 3s expires 2s996ms, … }`. */
export function takenIn(listing: string): Set<number> {
  const elements = /elements = \{([^}]*)\}/.exec(listing)?.[1] ?? ''
  return new Set(elements.split(',').flatMap((one) => /^\s*(\d+)/.exec(one)?.slice(1).map(Number) ?? []))
}

function element(name: string, port: number, timeout = ` timeout ${TIMEOUT}`): string {
  return `element inet ${name} taken { ${port}${timeout} }`
}
