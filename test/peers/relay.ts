/** A TCP relay that writes down the bytes of each connection and changes none: what clients and servers themselves do not show. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Recorded {
  /** What came from who connected, and what it was answered. */
  sent: Buffer
  answered: Buffer
}

export class Relay {
  /** Where connections that come from now on lead. */
  to: number
  readonly #server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#take(socket))
  readonly #open = new Set<Socket>()
  #records: { sent: Buffer[]; answered: Buffer[] }[] = []

  constructor(to: number) {
    this.to = to
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** What was recorded since the last call, once all its connections are over. Rejects when one is open for longer than `limitMs`. */
  async taken(limitMs: number): Promise<Recorded[]> {
    const signal = AbortSignal.timeout(limitMs)
    for (const socket of this.#open) {
      // A reset rejects, and closes.
      while (!socket.closed && !signal.aborted) await once(socket, 'close', { signal }).catch(() => {})
    }
    if (signal.aborted) {
      for (const socket of this.#open) socket.destroy()
      throw new Error(`a connection is open ${limitMs} ms after its client has ended`)
    }
    const records = this.#records
    this.#records = []
    return records.map(({ sent, answered }) => ({ sent: Buffer.concat(sent), answered: Buffer.concat(answered) }))
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #take(client: Socket): void {
    const record = { sent: [], answered: [] }
    this.#records.push(record)
    const server = connect({ port: this.to, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#pass(client, server, record.sent)
    this.#pass(server, client, record.answered)
  }

  /** Ends and resets are passed on as they are. */
  #pass(from: Socket, to: Socket, record: Buffer[]): void {
    this.#open.add(from)
    from.on('data', (bytes: Buffer) => {
      record.push(bytes)
      if (!to.write(bytes)) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('end', () => to.end())
    from.on('error', () => {})
    from.on('close', (failed) => {
      this.#open.delete(from)
      if (failed || !from.readableEnded) to.resetAndDestroy()
    })
  }
}
