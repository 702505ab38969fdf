/** One `nft -i` for the agent's life: it owns the table, which goes when it goes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

const ANSWER_MS = 5000
/** nft says this of a chain in listings only: what came before it was taken. */
const LISTED = /policy accept;/
const TIMEOUT = '3s'

export class NftTable {
  readonly #nft: ChildProcessByStdio<Writable, Readable, Readable>
  #output = ''
  #errors = ''
  #changed: (() => void) | undefined
  /** Called when nft ends by itself. */
  onExit: (reason: string) => void = () => {}

  constructor() {
    this.#nft = spawn('nft', ['-i'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, TERM: 'dumb' },
    })
    this.#nft.stdin.on('error', () => {})
    this.#nft.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-10_000)
      this.#changed?.()
    })
    this.#nft.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2000)
      this.#changed?.()
    })
    this.#nft.on('error', (error) => {
      this.#errors += error.message
      this.#changed?.()
    })
    this.#nft.on('exit', (code) => this.onExit(this.#errors.trim() || `nft ended with ${code}`))
  }

  /** What nft complained about last. */
  get errors(): string {
    return this.#errors.trim()
  }

  /** Makes the table. Rejects with nft's own words. */
  async create(port: number, families: ('ip' | 'ip6')[]): Promise<void> {
    const rules = families.map((family) => {
      const protocol = family === 'ip' ? 'ipv4' : 'ipv6'
      return `add rule inet remocal pre iif != "lo" meta nfproto ${protocol} tcp dport @taken tproxy ${family} to :${port}`
    })
    const lines = [
      'add table inet remocal { flags owner; }',
      'add set inet remocal taken { type inet_service; flags timeout; }',
      'add chain inet remocal pre { type filter hook prerouting priority mangle; }',
      ...rules,
      'list table inet remocal',
    ]
    this.#nft.stdin.write(`${lines.join('\n')}\n`)
    await this.#answered()
  }

  /** Sets which ports are taken for the next three seconds. Adding alone would renew nothing. */
  take(ports: number[], given: number[]): void {
    const commands = given.map((port) => `add ${element(port)}; delete ${element(port, '')}`)
    commands.push(...ports.map((port) => `add ${element(port)}; delete ${element(port, '')}; add ${element(port)}`))
    if (commands.length > 0) this.#nft.stdin.write(`${commands.join('; ')}\n`)
  }

  /** As `take`, and resolves when nft has done it. Rejects with nft's own words. */
  async takeNow(ports: number[], given: number[]): Promise<void> {
    this.#output = ''
    this.take(ports, given)
    this.#nft.stdin.write('list table inet remocal\n')
    await this.#answered()
  }

  /** Ends nft; the table goes with it. */
  close(): void {
    this.onExit = () => {}
    this.#nft.stdin.end()
    this.#nft.kill()
  }

  async #answered(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error(this.errors || 'nft does not answer')), ANSWER_MS)
    this.#changed = () => {
      if (/Error/i.test(this.#errors)) reject(new Error(this.errors))
      else if (LISTED.test(this.#output)) resolve()
    }
    this.#changed()
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#changed = undefined
    }
  }
}

function element(port: number, timeout = ` timeout ${TIMEOUT}`): string {
  return `element inet remocal taken { ${port}${timeout} }`
}
