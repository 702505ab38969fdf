/** Where the requests of one connection go: at most one upstream for the app and one for each laptop, kept while they may be asked again. */
import type { Cancellation } from '../../lib/cancellation.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Stream } from '../../wire/session/contract.ts'
import type { Http2Target } from '../http2/http2-target.ts'
import type { Choice, Laptop, LaptopWatcher, Secure } from '../routing.ts'
import { letGo } from './let-go.ts'
import { APP, Upstream } from './upstream.ts'

export interface UpstreamsOptions {
  clock: Clock
  /** The client is gone. */
  gone: Cancellation
  /** Opens a connection to the app. */
  connectApp(cancellation: Cancellation): Promise<Stream>
  /** The client's address. */
  from(): string
  /** The TLS that the client spoke and that was ended. */
  secure: Secure | undefined
  /** What stands between the client and a target that speaks HTTP/2 only; undefined: it speaks HTTP/1.1, as far as is known. */
  bridge(choice: Choice): Http2Target | undefined
  /** One that waits for a request has ended; it is forgotten already. */
  onIdleEnd(upstream: Upstream): void
  /** One that answers a request has been away for a while. */
  onAway(upstream: Upstream): void
}

export class Upstreams {
  readonly #options: UpstreamsOptions
  readonly #open = new Map<string, Upstream>()
  readonly #onIdleEnd = (upstream: Upstream): void => {
    if (this.#open.get(upstream.key) !== upstream) return
    this.drop(upstream)
    this.#options.onIdleEnd(upstream)
  }

  constructor(options: UpstreamsOptions) {
    this.#options = options
  }

  /** One that is open already. */
  find(choice: Choice): Upstream | undefined {
    return this.#open.get(choice.to === 'app' ? APP : choice.key)
  }

  /** Takes over a stream that was opened for a whole connection. */
  adopt(choice: Choice, stream: Stream): void {
    const upstream = choice.to === 'app' ? this.#made(APP, stream) : this.#follow(choice).found(stream)
    this.#open.set(upstream.key, upstream)
    upstream.watch()
  }

  /**
   * Opens one and sends what was taken of a request so far; it is still until somebody who uses it calls `watch`. Rejects as `connectApp`
   * and `Laptop.open` do.
   */
  async open(choice: Choice, pieces: readonly Buffer[]): Promise<Upstream> {
    const bridge = this.#options.bridge(choice)
    const upstream = choice.to === 'app' ? await this.#app(pieces, bridge) : await this.#laptop(choice, pieces, bridge)
    this.#open.set(upstream.key, upstream)
    return upstream
  }

  /** Ends one of which nothing more is wanted; the client's connection goes on. */
  drop(upstream: Upstream): void {
    this.forget(upstream)
    letGo(upstream.stream, this.#options.clock)
  }

  /** One that is over, or is ended by somebody else. */
  forget(upstream: Upstream): void {
    if (this.#open.get(upstream.key) === upstream) this.#open.delete(upstream.key)
    upstream.forget?.()
    upstream.forget = undefined
  }

  /** Ends all of them. */
  close(): void {
    for (const upstream of [...this.#open.values()]) this.drop(upstream)
  }

  async #app(pieces: readonly Buffer[], bridge: Http2Target | undefined): Promise<Upstream> {
    const connect = async (first: readonly Buffer[]): Promise<Stream> => {
      const stream = await this.#options.connectApp(this.#options.gone)
      for (const piece of first) stream.send(piece)
      return stream
    }
    return this.#made(
      APP,
      await (bridge === undefined ? connect(pieces) : bridge.open(pieces, (first) => connect([first]))),
    )
  }

  async #laptop(laptop: Laptop, pieces: readonly Buffer[], bridge: Http2Target | undefined): Promise<Upstream> {
    const { gone, from, secure } = this.#options
    const following = this.#follow(laptop)
    const connect = (first: Buffer, within = secure): Promise<Stream> =>
      laptop.open(first, from(), AbortSignal.any([gone.signal, following.away]), within)
    try {
      if (bridge === undefined) {
        const [only = Buffer.alloc(0)] = pieces
        return following.found(await connect(pieces.length === 1 ? only : Buffer.concat(pieces)))
      }
      const within = secure && { ...secure, protocol: 'h2' }
      return following.found(await bridge.open(pieces, (first) => connect(first, within)))
    } catch (error) {
      following.forget()
      throw error
    }
  }

  #made(key: string, stream: Stream): Upstream {
    return new Upstream(key, stream, this.#onIdleEnd)
  }

  /** Follows a laptop for an upstream that is there, or on its way. */
  #follow(laptop: Laptop): Following {
    const away = new AbortController()
    let upstream: Upstream | undefined
    let left = false
    const watcher: LaptopWatcher = {
      onAway: () => {
        away.abort(new Error('it has been away for 8 s'))
        if (upstream === undefined) return
        if (upstream.isIdle) this.drop(upstream)
        else this.#options.onAway(upstream)
      },
      onLeave: () => {
        left = true
        if (upstream === undefined) return
        upstream.isLeaving = true
        if (upstream.isIdle) this.drop(upstream)
      },
    }
    const forget = laptop.watch(watcher)
    const found = (stream: Stream): Upstream => {
      upstream = this.#made(laptop.key, stream)
      upstream.isLeaving = left
      upstream.forget = forget
      return upstream
    }
    return { found, forget, away: away.signal }
  }
}

/** A watch over a laptop. */
interface Following {
  /** The stream is there: the watch is its upstream's, and ends with that. */
  found(stream: Stream): Upstream
  forget(): void
  /** Aborted when the laptop is away. */
  away: AbortSignal
}
