/**
 * A laptop apart from this machine: a network namespace that reaches the kit's cluster over a cable and nothing else, with a
 * state folder of its own. Its processes are this machine's, and so are its files and its clock.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Cable } from './cable.ts'
import { type Ran, REMOCAL, type Running, type RunOptions, run, startCommand } from './remocal.ts'

const QUIT_MS = 20_000

export interface LaptopOptions {
  /** The kit's command and its cluster; default: `REMOCAL_E2E_KIT` and `REMOCAL_E2E_KIT_CLUSTER`. */
  kit?: string
  cluster?: string
  /** The kit's name for it. Default `dev`. */
  name?: string
  /** Its cable shall never be slowed: it stays the kernel's own, which is faster than one that can be. */
  unlimited?: boolean
  /** For everything that runs there. */
  env?: Record<string, string>
}

export class Laptop {
  readonly cable: Cable
  /** `REMOCAL_HOME` there. */
  readonly home: string
  readonly #keeper: ChildProcess
  readonly #namespace: string
  readonly #env: Record<string, string>

  private constructor(cable: Cable, keeper: ChildProcess, namespace: string, env: Record<string, string>) {
    this.cable = cable
    this.home = mkdtempSync(join(tmpdir(), 'remocal-laptop-'))
    this.#keeper = keeper
    this.#namespace = namespace
    this.#env = { ...env, REMOCAL_HOME: this.home }
  }

  /** Puts a laptop beside the cluster, its cable in and without limits. */
  static async plug(options: LaptopOptions = {}): Promise<Laptop> {
    const { REMOCAL_E2E_KIT, REMOCAL_E2E_KIT_CLUSTER } = process.env
    const {
      kit = REMOCAL_E2E_KIT,
      cluster = REMOCAL_E2E_KIT_CLUSTER,
      name = 'dev',
      env = {},
      unlimited = false,
    } = options
    if (kit === undefined || cluster === undefined)
      throw new Error('a laptop apart needs REMOCAL_E2E_KIT and its cluster')
    // Holds the namespace for `nsenter`, by which signals reach the command itself; ends with this process, by its input.
    const keep = ['laptop', cluster, name, 'sh', '-c', 'echo "pid $$"; exec cat']
    const keeper = spawn(kit, keep, { stdio: ['pipe', 'pipe', 'inherit'] })
    const [said] = await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'close')])
    const [, pid] = /^pid (\d+)/.exec(String(said)) ?? []
    if (pid === undefined) throw new Error(`the kit made no laptop (exit ${said})`)
    // Neither the keeper nor the daemon outlives this process, however it ends.
    keeper.unref()
    for (const pipe of [keeper.stdin, keeper.stdout]) (pipe as unknown as Socket).unref()
    const laptop = new Laptop(new Cable(kit, cluster, name), keeper, `/proc/${pid}/ns/net`, env)
    process.on('exit', laptop.#sweep)
    // The first limit reroutes, which connections that are open would not survive.
    if (!unlimited) await laptop.cable.wire(0, 0, 0)
    await laptop.cable.up()
    return laptop
  }

  /** Runs a command there to its end. */
  run(command: string, args: string[], options: RunOptions = {}): Promise<Ran> {
    return run('nsenter', this.#inside(command, args), this.#with(options))
  }

  /** Starts a command there and leaves it running; its pid is the child's. */
  spawn(command: string, args: string[], options: RunOptions = {}): Running {
    return startCommand('nsenter', this.#inside(command, args), this.#with(options))
  }

  /** `remocal ARGS` there. */
  remocal(args: string[], options: RunOptions = {}): Promise<Ran> {
    return this.run(REMOCAL, args, options)
  }

  /** `remocal ARGS -o json` there, which has to succeed; its one JSON document. */
  async remocalJson<T>(args: string[], options: RunOptions = {}): Promise<T> {
    const { code, stdout, stderr } = await this.remocal([...args, '-o', 'json'], options)
    if (code !== 0) throw new Error(`remocal ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
    return JSON.parse(stdout) as T
  }

  /** Starts `remocal ARGS` there and leaves it running. */
  start(args: string[], options: RunOptions = {}): Running {
    return this.spawn(REMOCAL, args, options)
  }

  /** Puts the cable back in, without limits. */
  async mend(): Promise<void> {
    await this.cable.clear()
    await this.cable.up()
  }

  /** Ends its daemon and takes its state away. */
  async close(): Promise<void> {
    await this.mend()
    const { REMOCAL_E2E_LOGS: logs } = process.env
    if (logs !== undefined) {
      await this.remocal(['quit'])
      const log = join(this.home, 'daemon.log')
      if (existsSync(log)) copyFileSync(log, join(logs, `${basename(this.home)}.log`))
    }
    this.#keeper.stdin?.end()
    process.off('exit', this.#sweep)
    this.#sweep()
  }

  readonly #sweep = (): void => {
    spawnSync(REMOCAL, ['quit'], { env: { ...process.env, ...this.#env }, stdio: 'ignore', timeout: QUIT_MS })
    rmSync(this.home, { recursive: true, force: true })
  }

  #inside(command: string, args: string[]): string[] {
    return [`--net=${this.#namespace}`, '--', command, ...args]
  }

  #with(options: RunOptions): RunOptions {
    return { ...options, env: { ...this.#env, ...options.env } }
  }
}
