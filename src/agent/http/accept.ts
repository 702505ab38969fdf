/** A connection that was taken over: found out what it speaks, then passed on. */
import type { Socket } from 'node:net'
import { Cancellation } from '../../lib/cancellation.ts'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { readDirectly } from '../../lib/slab-socket.ts'
import { spliceSocket } from '../../wire/carrier/splice-socket.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import { acceptHttp2 } from '../http2/accept-http2.ts'
import type { Choice, RawConnection, Routing, Secure } from '../routing.ts'
import type { AppTls } from '../tls/app-tls.ts'
import { beginsTls, type ClientHello } from '../tls/client-hello.ts'
import type { EndedTls } from '../tls/ended-tls.ts'
import { readClientHello } from '../tls/read-client-hello.ts'
import { ClientSource } from './client-source.ts'
import { HttpConnection } from './connection.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { isOpen, looksLikeHttp, speaksHttp, speaksHttp2 } from './first-bytes.ts'
import { hearBoth } from './hear-both.ts'
import { connectApp } from './upstream.ts'
import { watchPaused } from './watch-paused.ts'

/** A client that is silent for so long may wait for the server to speak first. */
const SILENT_MS = 1000
const NOTHING: Buffer = Buffer.alloc(0)
/** Made once: to make an error is to walk the stack. */
const GONE = new Error('the client is gone')

export interface Target {
  /** The port that was taken over, and the pod's own address at which the app has it. */
  port: number
  host: string
}

/**
 * Takes a connection; errors end it and are nobody else's. The client may be paused.
 * @param tls undefined: what is in TLS stays there
 */
export function acceptConnection(
  client: Socket,
  target: Target,
  routing: Routing,
  clock: Clock = systemClock,
  tls?: AppTls,
): void {
  client.allowHalfOpen = true
  client.setNoDelay(true)
  client.on('error', () => {})
  void new Reception(client, { target, routing, clock, tls }).run().catch(() => client.resetAndDestroy())
}

interface ReceptionOptions {
  target: Target
  routing: Routing
  clock: Clock
  tls: AppTls | undefined
}

/** A whole connection's other end. */
interface Other {
  choice: Choice
  stream: Stream
}

class Reception {
  readonly #client: Socket
  readonly #target: Target
  readonly #options: ReceptionOptions
  readonly #routing: Routing
  readonly #clock: Clock
  /** The client spoke TLS, which was ended. */
  readonly #ended: EndedTls | undefined
  readonly #gone = new Cancellation()

  constructor(client: Socket, options: ReceptionOptions, ended?: EndedTls) {
    this.#client = client
    this.#options = options
    this.#target = options.target
    this.#routing = options.routing
    this.#clock = options.clock
    this.#ended = ended
    client.once('close', () => this.#gone.cancel(GONE))
    // Whatever it speaks, it may have to wait.
    watchPaused(client, options.clock)
  }

  async run(): Promise<void> {
    const { port } = this.#target
    // Only the app knows whether it answers who does not say who he is.
    if (!this.#routing.wanted(port) || this.#ended?.isUnproved === true) {
      await this.#splice(await this.#open({ to: 'app' }))
      return
    }
    const first = await this.#firstBytes()
    if (speaksHttp2(first) === true) this.#http2(first)
    else if (looksLikeHttp(first)) this.#http(first)
    else if (isOpen(first)) await this.#undecided(first)
    else if (beginsTls(first)) await this.#tls(first)
    else await this.#raw(first)
  }

  async #tls(first: Buffer): Promise<void> {
    const { hello, read } = await readClientHello(this.#client, first, this.#clock)
    const ended = hello && (await this.#end(hello, read))
    // TLS within TLS is nobody's to look into.
    if (ended === undefined) await this.#raw(read, { hello })
    else await new Reception(ended.client, this.#options, ended).run()
  }

  /** Undefined: it stays encrypted. */
  async #end(hello: ClientHello, read: Buffer): Promise<EndedTls | undefined> {
    const tls = this.#ended === undefined ? this.#options.tls : undefined
    tls?.saw(this.#target.port)
    const paths = tls && this.#routing.wantsInside(this.#target.port, hello)
    return paths && tls.end(this.#client, read, this.#target, hello, paths)
  }

  async #raw(first: Buffer, about: RawConnection = {}): Promise<void> {
    const known = { ...about, secure: this.#secure, from: new ClientSource(this.#client, this.#routing).ip }
    await this.#splice(await this.#open(this.#routing.decideRaw(this.#target.port, known), first, known))
  }

  get #secure(): Secure | undefined {
    return this.#ended?.secure
  }

  /** What the client says until it is clear whether that is HTTP; empty when it waits or ends without a word. Paused then. */
  #firstBytes(): Promise<Buffer> {
    const client = this.#client
    const { promise, resolve } = Promise.withResolvers<Buffer>()
    let bytes: Buffer = NOTHING
    const done = (): void => {
      timer.cancel()
      readDirectly(client, undefined)
      client.off('data', onData).off('end', done).off('close', done)
      client.pause()
      resolve(bytes)
    }
    const onData = (more: Buffer): void => {
      bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more])
      if (speaksHttp(bytes) !== 'more' && speaksHttp2(bytes) !== 'more') done()
    }
    const timer = this.#clock.after(SILENT_MS, done)
    readDirectly(client, onData)
    client.once('end', done).once('close', done)
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
    const known = { secure: this.#secure }
    const upstream = await this.#open(this.#routing.decideRaw(this.#target.port, known), first, known)
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
    if (heard.speaks === 'tls') {
      upstream.stream.reset('cancel', 'it is TLS, which is led by what is in it')
      await this.#tls(heard.bytes)
      return
    }
    if (heard.last.by === 'upstream') client.write(heard.last.bytes)
    const over = this.#splice(upstream)
    if (heard.last.by === 'upstream end') client.end()
    await over
  }

  #http(first: Buffer, upstream?: Other): void {
    this.#sawHttp()
    new HttpConnection(this.#connectionOptions).start(first, upstream)
  }

  #http2(first: Buffer): void {
    this.#sawHttp()
    acceptHttp2(first, this.#connectionOptions)
  }

  #sawHttp(): void {
    if (this.#ended === undefined) this.#options.tls?.sawPlain(this.#target.port)
  }

  get #connectionOptions(): ConnectionOptions {
    return {
      client: this.#client,
      gone: this.#gone,
      port: this.#target.port,
      routing: this.#routing,
      clock: this.#clock,
      secure: this.#secure,
      connectApp: (cancellation) => this.#connectApp(cancellation),
    }
  }

  /** Where nothing listens on the laptop, that is the app, or nobody: its user says which. */
  async #open(choice: Choice, first: Buffer = NOTHING, about: RawConnection = {}): Promise<Other> {
    if (choice.to === 'laptop') {
      try {
        const from = `${this.#client.remoteAddress}:${this.#client.remotePort}`
        return { choice, stream: await choice.open(first, from, this.#gone.signal, this.#secure) }
      } catch (error) {
        if (!(error instanceof StreamRefused)) throw error
        if (error.code === 'ended') {
          const known = { ...about, without: new Set([...(about.without ?? []), choice.key]) }
          return this.#open(this.#routing.decideRaw(this.#target.port, known), first, known)
        }
        this.#routing.counts.unheard++
        if (choice.ifDown === 'error') throw error
      }
    }
    const stream = await this.#connectApp(this.#gone)
    if (first.length > 0) stream.send(first)
    return { choice: { to: 'app' }, stream }
  }

  #connectApp(cancellation: Cancellation): Promise<Stream> {
    const { host, port } = this.#target
    return this.#ended?.connectApp(cancellation) ?? connectApp(host, port, cancellation)
  }

  async #splice({ stream }: Other): Promise<void> {
    const over = spliceSocket(stream, this.#client)
    stream.resume()
    await over
  }
}
