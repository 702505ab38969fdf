/** Where requests go: a connection to the app or a stream to a laptop, seen as one thing. */
import type { Socket } from 'node:net'
import type { Cancellation } from '../../lib/cancellation.ts'
import { connectSlabs, lendReads, readDirectly, writeDirectly } from '../../lib/slab-socket.ts'
import type { FlowHandlers, FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'

/** Key of the app, which is no Intercept's uid. */
export const APP = 'app'

/** Who is answered through an upstream. */
export interface UpstreamUser {
  fromUpstream(bytes: Buffer): void
  upstreamEnded(): void
  upstreamDrained(): void
  upstreamClosed(reason: FlowReset | undefined): void
}

/** Where requests of a connection go, one after the other. */
export class Upstream implements FlowHandlers {
  /** `APP`, or the key of a `Laptop`. */
  readonly key: string
  readonly stream: Stream
  /** No request was answered through it yet. */
  isFresh = true
  /** No other request may go there. */
  isLeaving = false
  /** Ends the watch over its laptop. */
  forget: (() => void) | undefined
  readonly #onIdleEnd: (upstream: Upstream) => void
  #user: UpstreamUser | undefined
  #watched = false

  /** @param onIdleEnd it ended, or sent bytes that nobody asked for, between requests */
  constructor(key: string, stream: Stream, onIdleEnd: (upstream: Upstream) => void) {
    this.key = key
    this.stream = stream
    this.#onIdleEnd = onIdleEnd
  }

  /** Follows the stream, from the first call on. What ended already is said at once. */
  watch(): void {
    if (this.#watched) return
    this.#watched = true
    this.stream.bind(this)
    this.stream.resume()
  }

  get isIdle(): boolean {
    return this.#user === undefined
  }

  use(user: UpstreamUser): void {
    this.#user = user
    // It may have been held for a client that had not read an earlier answer.
    if (this.#watched) this.stream.resume()
  }

  /** Its user is answered, or gives it up. */
  free(): void {
    this.#user = undefined
    this.isFresh = false
  }

  onData(bytes: Buffer): void {
    if (this.#user === undefined) this.#onIdleEnd(this)
    else this.#user.fromUpstream(bytes)
  }

  onEnd(): void {
    if (this.#user === undefined) this.#onIdleEnd(this)
    else this.#user.upstreamEnded()
  }

  onDrain(): void {
    this.#user?.upstreamDrained()
  }

  onClose(reason: FlowReset | undefined): void {
    if (this.#user === undefined) this.#onIdleEnd(this)
    else this.#user.upstreamClosed(reason)
  }
}

const CONNECT_MS = 5000

/** Connects to the app in this pod. */
export async function connectApp(host: string, port: number, cancellation: Cancellation): Promise<Stream> {
  if (cancellation.reason !== undefined) throw cancellation.reason
  const socket = connectSlabs({ host, port, noDelay: true, allowHalfOpen: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve).once('error', reject)
  socket.setTimeout(CONNECT_MS, () => reject(new Error('the app does not accept the connection')))
  cancellation.whenCancelled(reject)
  try {
    await promise
    socket.setTimeout(0)
    lendReads(socket)
    return socketStream(socket)
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    socket.off('error', reject)
    cancellation.forget(reject)
  }
}

/** A connected socket with the interface of a stream. */
export function socketStream(socket: Socket): Stream {
  let handlers: FlowHandlers | undefined
  let failure: Error | undefined
  let ended = false
  let over: { reason?: FlowReset } | undefined
  readDirectly(socket, (bytes) => handlers?.onData(bytes))
  socket.on('end', () => handlers?.onEnd())
  socket.on('drain', () => handlers?.onDrain())
  socket.on('error', (error) => {
    failure = error
  })
  socket.on('close', () => {
    const whole = socket.readableEnded && ended && failure === undefined
    over = whole ? {} : { reason: { code: 'reset', message: failure?.message ?? 'closed' } }
    handlers?.onClose(over.reason)
  })
  socket.pause()
  return {
    bind(next) {
      handlers = next
      if (over !== undefined) next.onClose(over.reason)
    },
    send: (bytes) => !socket.writable || writeDirectly(socket, bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end() {
      ended = true
      socket.end()
    },
    // A socket that still shuts down cannot be reset: Node would leave it open, and tell nobody.
    reset: () => void (socket.writableEnded && !socket.writableFinished ? socket.destroy() : socket.resetAndDestroy()),
  }
}
