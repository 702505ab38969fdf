/** Servers whose connections read into slabs (`slab-socket.ts`). */
import { Server, type ServerOpts, type Socket } from 'node:net'
import { SlabSocket } from './slab-socket.ts'

/** A server whose connections have reads of this kind; they are paused. */
export function createSlabServer(options: ServerOpts, onConnection: (socket: Socket) => void): Server {
  return new SlabServer({ ...options, pauseOnConnect: true }, onConnection)
}

/**
 * The same connection with reads of this kind: for a socket of a server that pauses on connect, in its `connection` event, before anybody
 * else has touched it.
 */
export function acceptSlabs(accepted: Socket): Socket {
  const from = accepted as Inner
  const { _handle: handle, server, _server } = from
  if (accepted instanceof SlabSocket || !isOfKernel(handle)) return accepted
  // The server counts its connections by these two.
  const socket = Object.assign(around(handle, accepted.allowHalfOpen), { server, _server })
  from._handle = null
  return socket
}

/** What Node's sockets and servers have and do not declare. */
interface Handle {
  useUserBuffer?: unknown
}

interface Inner extends Socket {
  _handle: Handle | null
  _server?: unknown
  server?: unknown
}

interface InnerServer extends Server {
  _handle: { onconnection?: (error: number, handle: Handle | null) => void } | null
  _connections: number
}

/** Only what the kernel itself reads for can be told where to read to. */
function isOfKernel(handle: Handle | null): handle is Handle {
  return typeof handle?.useUserBuffer === 'function'
}

function around(handle: Handle, allowHalfOpen: boolean): Socket {
  const options: object = { handle, allowHalfOpen, manualStart: true }
  return new SlabSocket(options).pause()
}

class SlabServer extends Server {
  readonly #options: ServerOpts

  constructor(options: ServerOpts, onConnection: (socket: Socket) => void) {
    super(options, onConnection)
    this.#options = options
    this.prependListener('listening', () => this.#acceptItself(this as unknown as InnerServer))
  }

  override emit(event: string | symbol, ...told: unknown[]): boolean {
    return event === 'connection' ? super.emit(event, acceptSlabs(told[0] as Socket)) : super.emit(event, ...told)
  }

  /** Node would make a socket for each connection, only to be left for one of ours. */
  #acceptItself(inner: InnerServer): void {
    const listening = inner._handle
    const asNode = listening?.onconnection
    if (listening === null || asNode === undefined) return
    listening.onconnection = (error, handle) => {
      if (error !== 0 || !isOfKernel(handle) || this.maxConnections !== undefined) asNode.call(listening, error, handle)
      else this.#accept(inner, handle)
    }
  }

  #accept(inner: InnerServer, handle: Handle): void {
    const { allowHalfOpen = false, noDelay = false, keepAlive = false, keepAliveInitialDelay } = this.#options
    const socket = Object.assign(around(handle, allowHalfOpen), { server: this, _server: this })
    if (noDelay) socket.setNoDelay(true)
    if (keepAlive) socket.setKeepAlive(true, keepAliveInitialDelay)
    inner._connections++
    this.emit('connection', socket)
  }
}
