/** The agent's end of the helper that ends connections: at most one run at a time. */
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import * as v from 'valibot'
import { MAX_CONNECTIONS, newsSchema, type Order } from './orders.ts'
import type { Connection } from './socket-table.ts'
import type { PreparedReopening } from './start.ts'

export class Reopening {
  /** Connections were ended, or none can be. */
  onNews: (ended: number) => void = () => {}
  readonly #orders: Writable
  readonly #news: Readable
  /** `ending`: it was told to end, and has not said that it is over. */
  #state: 'waiting' | 'running' | 'ending' = 'waiting'
  /** Inodes that the run knows of, by port. */
  #told = new Map<number, number>()
  #problem: string | undefined

  /** @param orders, news input and output of the shell that starts runs */
  constructor(orders: Writable, news: Readable) {
    this.#orders = orders
    this.#news = news
    orders.on('error', (error) => this.#fail(error.message))
    news.on('error', (error) => this.#fail(error.message))
    createInterface({ input: news })
      .on('line', (line) => this.#hear(line))
      .on('close', () => {
        news.destroy()
        this.#fail('what ends them has ended')
      })
  }

  /** Of a process that became another one. */
  static handed({ orders, news }: PreparedReopening): Reopening {
    const input = new Socket({ fd: orders, readable: false, writable: true })
    const output = new Socket({ fd: news, readable: true, writable: false })
    // Neither keeps the agent alive.
    return new Reopening(input.unref(), output.unref())
  }

  /** Why no connection can be ended, if so. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Has these ended when they are quiet, and no others; none: the run is over at once. Call it again and again. */
  want(connections: readonly Connection[]): void {
    if (connections.length === 0 || this.#problem !== undefined) {
      this.#stop()
      // Whoever wishes it next may find a machine that has memory again.
      if (connections.length === 0 && !this.#news.destroyed) this.#problem = undefined
      return
    }
    if (this.#state === 'ending') return
    const some = first(connections)
    const ports = new Set(some.map(({ port }) => port))
    const isTold =
      some.every(({ inode }) => this.#told.has(inode)) && [...this.#told.values()].every((one) => ports.has(one))
    if (this.#state === 'running' && isTold) return
    if (this.#state === 'waiting') this.#orders.write('start\n')
    this.#state = 'running'
    this.#told = new Map(some.map(({ port, inode }) => [inode, port]))
    this.#order({ connections: some.map(({ port, inode }) => [port, inode]) })
  }

  /** What waits for the wish ends with it. */
  close(): void {
    this.#orders.destroy()
    this.#news.destroy()
  }

  #stop(): void {
    if (this.#state !== 'running') return
    this.#state = 'ending'
    this.#told.clear()
    this.#order({ end: true })
  }

  #order(order: Order): void {
    if (!this.#orders.destroyed) this.#orders.write(`${JSON.stringify(order)}\n`)
  }

  #hear(line: string): void {
    let news: v.InferOutput<typeof newsSchema>
    try {
      news = v.parse(newsSchema, JSON.parse(line))
    } catch {
      this.#fail('what ends them cannot be understood')
      return
    }
    if ('ended' in news) this.onNews(news.ended)
    else if ('problem' in news) this.#fail(news.problem)
    else {
      // A run that ends without having been told to has failed.
      if (this.#state === 'running') this.#fail('the helper failed')
      this.#state = 'waiting'
    }
  }

  #fail(problem: string): void {
    this.#problem ??= problem
    this.#stop()
    this.onNews(0)
  }
}

/** Always the same ones while they live: the table has no order. */
function first(connections: readonly Connection[]): readonly Connection[] {
  if (connections.length <= MAX_CONNECTIONS) return connections
  return connections.toSorted((a, b) => a.inode - b.inode).slice(0, MAX_CONNECTIONS)
}
