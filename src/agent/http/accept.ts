/** A connection that was taken over: found out what it speaks, then passed on. */
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { spliceSocket } from '../../wire/carrier/splice-socket.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import { acceptHttp2 } from '../http2/accept-http2.ts'
import type { Choice, Routing } from '../routing.ts'
import { HttpConnection } from './connection.ts'
import { isOpen, looksLikeHttp, speaksHttp, speaksHttp2 } from './first-bytes.ts'
import { hearBoth } from './hear-both.ts'
import { connectApp } from './upstream.ts'

/** A client that is silent for so long may wait for the server to speak first. */
const SILENT_MS = 1000

export interface Target {
  /** The port that was taken over, and the pod's own address at which the app has it. */
  port: number
  host: string
}

/** Takes a connection; errors end it and are nobody else's. The client may be paused. */
export function acceptConnection(client: Socket, target: Target, routing: Routing, clock: Clock = systemClock): void {
  client.allowHalfOpen = true
  client.setNoDelay(true)
  client.on('error', () => {})
  void new Reception(client, target, routing, clock).run().catch(() => client.resetAndDestroy())
}

/** A whole connection's other end. */
interface Other {
  choice: Choice
  stream: Stream
}

class Reception {
  readonly #client: Socket
  readonly #target: Target
  readonly #routing: Routing
  readonly #clock: Clock
  readonly #gone = new AbortController()

  constructor(client: Socket, target: Target, routing: Routing, clock: Clock) {
    this.#client = client
    this.#target = target
    this.#routing = routing
    this.#clock = clock
    client.once('close', () => this.#gone.abort(new Error('the client is gone')))
  }

  async run(): Promise<void> {
    const { port } = this.#target
    if (!this.#routing.wanted(port)) {
      await this.#splice(await this.#open({ to: 'app' }))
      return
    }
    const first = await this.#firstBytes()
    if (speaksHttp2(first) === true) this.#http2(first)
    else if (looksLikeHttp(first)) this.#http(first)
    else if (isOpen(first)) await this.#undecided(first)
    else await this.#splice(await this.#open(this.#routing.decideRaw(port), first))
  }

  /** What the client says until it is clear whether that is HTTP; empty when it waits or ends without a word. Paused then. */
  #firstBytes(): Promise<Buffer> {
    const client = this.#client
    const { promise, resolve } = Promise.withResolvers<Buffer>()
    let bytes = Buffer.alloc(0)
    const done = (): void => {
      timer.cancel()
      client.off('data', onData).off('end', done).off('close', done)
      client.pause()
      resolve(bytes)
    }
    const onData = (more: Buffer): void => {
      bytes = Buffer.concat([bytes, more])
      if (speaksHttp(bytes) !== 'more' && speaksHttp2(bytes) !== 'more') done()
    }
    const timer = this.#clock.after(SILENT_MS, done)
    client.on('data', onData).once('end', done).once('close', done)
    client.resume()
    return promise
  }

  /** Perhaps the server speaks first, perhaps a request comes late: connects the client with whom it would be, and listens to both. */
  async #undecided(first: Buffer): Promise<void> {
    const client = this.#client
    if (client.readableEnded && first.length === 0) {
      client.end()
      return
    }
    const upstream = await this.#open(this.#routing.decideRaw(this.#target.port), first)
    const heard = await hearBoth(client, upstream.stream, first, this.#clock)
    if (heard.speaks === 'http2') {
      upstream.stream.reset('cancel', 'its streams go where they belong')
      this.#http2(heard.bytes)
      return
    }
    if (heard.speaks === 'http') {
      if (heard.told) upstream.stream.reset('cancel', 'it is a request, which goes where it belongs')
      this.#http(heard.bytes, heard.told ? undefined : upstream)
      return
    }
    if (heard.last.by === 'upstream') client.write(heard.last.bytes)
    const over = this.#splice(upstream)
    if (heard.last.by === 'upstream end') client.end()
    await over
  }

  #http(first: Buffer, upstream?: Other): void {
    const { host, port } = this.#target
    new HttpConnection({
      client: this.#client,
      port,
      routing: this.#routing,
      clock: this.#clock,
      connectApp: (signal) => connectApp(host, port, signal),
    }).start(first, upstream)
  }

  #http2(first: Buffer): void {
    const { host, port } = this.#target
    acceptHttp2(this.#client, first, {
      port,
      routing: this.#routing,
      clock: this.#clock,
      connectApp: (signal) => connectApp(host, port, signal),
    })
  }

  /** Where nothing listens on the laptop, that is the app, or nobody: its user says which. */
  async #open(choice: Choice, first: Buffer = Buffer.alloc(0), without: readonly string[] = []): Promise<Other> {
    const { signal } = this.#gone
    if (choice.to === 'laptop') {
      try {
        const from = `${this.#client.remoteAddress}:${this.#client.remotePort}`
        return { choice, stream: await choice.open(first, from, signal) }
      } catch (error) {
        if (!(error instanceof StreamRefused)) throw error
        if (error.code === 'ended') {
          const ended = [...without, choice.key]
          return this.#open(this.#routing.decideRaw(this.#target.port, new Set(ended)), first, ended)
        }
        this.#routing.counts.unheard++
        if (choice.ifDown === 'error') throw error
      }
    }
    const { host, port } = this.#target
    const stream: Stream = await connectApp(host, port, signal)
    if (first.length > 0) stream.send(first)
    return { choice: { to: 'app' }, stream }
  }

  async #splice({ stream }: Other): Promise<void> {
    const over = spliceSocket(stream, this.#client)
    stream.resume()
    await over
  }
}
