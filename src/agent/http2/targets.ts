/** Where the streams of one client go: a hop to the app and one to each laptop, made when somebody asks there, and what is known of who speaks what. */
import type { Budget } from '../../lib/budget.ts'
import type { Cancellation } from '../../lib/cancellation.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Stream } from '../../wire/session/contract.ts'
import { APP } from '../http/upstream.ts'
import type { Choice, Laptop, Routing, Secure } from '../routing.ts'
import type { Loss } from './asker.ts'
import { Http1Target } from './http1-target.ts'
import { noteSpoken, spokenBy } from './spoken.ts'
import { UpstreamHop } from './upstream-hop.ts'

export interface TargetsOptions {
  port: number
  routing: Routing
  clock: Clock
  held: Budget
  /** Streams that the client may have open at once. */
  maxStreams: number
  secure: Secure | undefined
  /** The client's address. */
  from(): string
  connectApp(cancellation: Cancellation): Promise<Stream>
  /** A hop is over. */
  onOver(hop: UpstreamHop, how: Loss): void
  /** One says something new of what it takes. */
  onSettings(): void
  onRead(): void
}

export class Targets {
  readonly #options: TargetsOptions
  /** Those that take new streams, by their key; and all that are not over. */
  readonly #open = new Map<string, UpstreamHop>()
  readonly hops: Set<UpstreamHop> = new Set()
  /** Targets that turned out to speak HTTP/1.1 only, or seemed to. */
  readonly #speakHttp1 = new Set<string>()
  /** Key of the last that was asked. */
  lastUsed: string = APP

  constructor(options: TargetsOptions) {
    this.#options = options
  }

  /**
   * @param inHttp2 it cannot be asked in another HTTP. Who only seemed to speak none, or a while ago, is asked once more.
   * @returns undefined when it has to be, since whom it goes to speaks HTTP/1.1 only
   */
  to(choice: Choice, inHttp2: true): UpstreamHop | undefined
  to(choice: Choice, inHttp2?: false): UpstreamHop
  to(choice: Choice, inHttp2 = false): UpstreamHop | undefined {
    const { port, routing, clock } = this.#options
    const key = choice.to === 'app' ? APP : choice.key
    const known = this.#open.get(key)
    if (known !== undefined && !(inHttp2 && known.isBridged)) {
      this.lastUsed = key
      return known
    }
    const speaksHttp1 = spokenBy(routing, clock, port, key) === 'http1'
    if (inHttp2 && speaksHttp1) return undefined
    this.lastUsed = key
    known?.retire()
    const hop = this.#make(choice, key, !inHttp2 && (speaksHttp1 || this.#speakHttp1.has(key)))
    this.#open.set(key, hop)
    this.hops.add(hop)
    hop.begin()
    return hop
  }

  /** The laptop's program refuses HTTP/2 within TLS. */
  refusedHttp2({ key }: Laptop): void {
    this.#noteHttp1(key, true)
  }

  /** Ends all of them. */
  close(): void {
    for (const hop of [...this.hops]) hop.close()
    this.hops.clear()
    this.#open.clear()
  }

  #make(choice: Choice, key: string, isBridged: boolean): UpstreamHop {
    const { clock, held, maxStreams, onOver, onSettings, onRead } = this.#options
    return new UpstreamHop({
      ...{ choice, clock, held, maxStreams, isBridged, onRead },
      onSettings: () => {
        if (!isBridged) this.#speakHttp1.delete(key)
        onSettings()
      },
      onNoHttp2: (_hop, sure) => this.#noteHttp1(key, sure),
      open: async (hop, first, cancellation) =>
        isBridged ? this.#bridge(hop, first) : this.#connect(hop.choice, first, cancellation),
      onRetired: (retired) => {
        if (this.#open.get(key) === retired) this.#open.delete(key)
      },
      onOver: (over, how) => {
        this.hops.delete(over)
        onOver(over, how)
      },
    })
  }

  async #connect(
    choice: Choice,
    first: Buffer,
    cancellation: Cancellation,
    secure = this.#options.secure,
  ): Promise<Stream> {
    const { from, connectApp } = this.#options
    if (choice.to === 'laptop') return choice.open(first, from(), cancellation.signal, secure)
    const stream = await connectApp(cancellation)
    stream.send(first)
    return stream
  }

  /** A target of HTTP/1.1, which is connected to for each stream. */
  #bridge(hop: UpstreamHop, first: Buffer): Stream {
    const { port, routing, clock, held, maxStreams, secure, onRead } = this.#options
    const within = secure && { ...secure, protocol: 'http/1.1' }
    const target = new Http1Target({
      ...{ clock, held, maxStreams },
      connect: (request, cancellation) => {
        routing.bridged(port, hop.choice, 'http1')
        return this.#connect(hop.choice, request, cancellation, within)
      },
      onLost: (stream, how) => {
        hop.loseStream(stream, how)
        onRead()
      },
    })
    target.start()
    target.stream.send(first)
    return target.stream
  }

  /** @param sure it said something else than HTTP/2 */
  #noteHttp1(key: string, sure: boolean): void {
    const { routing, clock, port } = this.#options
    this.#speakHttp1.add(key)
    if (sure) noteSpoken(routing, clock, port, key, 'http1')
  }
}
