/** Where requests go: a connection to the app or a stream to a laptop, seen as one thing. */
import { connect, type Socket } from 'node:net'
import type { FlowHandlers, FlowReset } from '../../wire/mux/contract.ts'
import type { Stream } from '../../wire/session/contract.ts'

/** Key of the app, which is no Intercept's uid. */
export const APP = 'app'

/** Where requests of a connection go, and a next one may go too. */
export interface Upstream {
  /** `APP`, or the key of a `Laptop`. */
  key: string
  stream: Stream
  /** No other request may go there. */
  leaving?: boolean
  /** Ends the watch over its laptop. */
  forget?(): void
}

const CONNECT_MS = 5000

/** Connects to the app in this pod. */
export async function connectApp(host: string, port: number, signal: AbortSignal): Promise<Stream> {
  signal.throwIfAborted()
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const give = (): void => reject(signal.reason as Error)
  socket.once('connect', resolve).once('error', reject)
  socket.setTimeout(CONNECT_MS, () => reject(new Error('the app does not accept the connection')))
  signal.addEventListener('abort', give, { once: true })
  try {
    await promise
    socket.setTimeout(0)
    return socketStream(socket)
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    socket.off('error', reject)
    signal.removeEventListener('abort', give)
  }
}

/** A connected socket with the interface of a stream. */
export function socketStream(socket: Socket): Stream {
  let handlers: FlowHandlers | undefined
  let failure: Error | undefined
  let ended = false
  let over: { reason?: FlowReset } | undefined
  socket.on('data', (bytes: Buffer) => handlers?.onData(bytes))
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
    send: (bytes) => !socket.writable || socket.write(bytes),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end() {
      ended = true
      socket.end()
    },
    reset: () => void socket.resetAndDestroy(),
  }
}
