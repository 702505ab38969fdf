/** A TCP (or TLS) socket as a link. */
import type { Socket } from 'node:net'
import { giveBack } from '../../lib/slab.ts'
import { connectSlabs, lendReads, readDirectly, unsentBytes, writeDirectly } from '../../lib/slab-socket.ts'
import { Written } from '../../lib/written.ts'
import type { Link, LinkHandlers } from './link.ts'

const KEEP_ALIVE_MS = 15_000
/** Pieces of so much together are copied into one. */
const SMALL_BYTES = 2048
/** Where pieces are joined that are encrypted at once; of all links. */
const JOINED = Buffer.allocUnsafeSlow(260 * 1024)

export interface TcpLinkOptions {
  name?: string
  /** For a TLS socket: the link under it, which a reset must reach. */
  below?: Pick<Link, 'reset'>
  /** Whoever sends keeps nothing of it: what the kernel has taken is given back (`lib/slab.ts`). */
  givesBack?: boolean
}

/** Wraps a connected socket; the link owns it. */
export function tcpLink(socket: Socket, options: TcpLinkOptions = {}): Link {
  return new TcpLink(socket, options)
}

/**
 * Connects. Rejects with the kernel's error, or with the signal's reason.
 * @param host name or address; both address families are tried (RFC 8305)
 */
export async function dialTcp(host: string, port: number, { signal }: { signal?: AbortSignal } = {}): Promise<Link> {
  signal?.throwIfAborted()
  const socket = connectSlabs({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
  socket.pause()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const give = (): void => {
    socket.destroy()
    reject(signal?.reason as Error)
  }
  socket.once('connect', resolve).once('error', reject)
  signal?.addEventListener('abort', give, { once: true })
  try {
    await promise
  } finally {
    signal?.removeEventListener('abort', give)
    socket.off('error', reject)
  }
  return tcpLink(socket, { name: `tcp ${host}:${port}` })
}

class TcpLink implements Link {
  readonly name: string
  readonly #socket: Socket
  #reason: Error | undefined
  readonly #below: Pick<Link, 'reset'> | undefined
  readonly #written: Written | undefined
  #closing = false

  constructor(socket: Socket, { name, below, givesBack = false }: TcpLinkOptions) {
    this.name = name ?? `tcp ${socket.remoteAddress}:${socket.remotePort}`
    this.#below = below
    this.#socket = socket
    this.#written = givesBack ? new Written(socket) : undefined
    socket.setNoDelay(true)
    socket.pause()
    // Until `bind`, an error must not be an uncaught one; `close` follows and is told then.
    socket.on('error', (error) => {
      this.#reason ??= error
    })
  }

  get unwrittenBytes(): number {
    return unsentBytes(this.#socket)
  }

  bind(handlers: LinkHandlers): void {
    const socket = this.#socket
    if (socket.closed || socket.destroyed) {
      process.nextTick(() => handlers.onClose(this.#reason ?? new Error(`${this.name} is closed`)))
      return
    }
    let farEnded = false
    lendReads(socket)
    readDirectly(socket, (bytes) => handlers.onData(bytes))
    socket.on('drain', () => {
      this.#written?.settle()
      handlers.onDrain()
    })
    // A link has no half-close: when the far end sends no more, it is over.
    socket.on('end', () => {
      farEnded = true
      socket.end()
    })
    socket.on('close', () => {
      const early = farEnded || this.#closing ? undefined : new Error(`${this.name} was cut`)
      handlers.onClose(this.#reason ?? early)
    })
    socket.resume()
  }

  send(...pieces: Uint8Array[]): boolean {
    const socket = this.#socket
    if (!socket.writable) return true
    if (pieces.length > 1) {
      const joined = joinSmall(pieces)
      if (joined === undefined) return this.#sendSeveral(pieces)
      // They are copied: whoever lent them has them back.
      if (this.#written !== undefined) for (const bytes of pieces) giveBack(bytes)
      return writeDirectly(socket, joined)
    }
    const [only] = pieces
    if (only === undefined) return true
    this.#written?.add(only)
    const goesOn = writeDirectly(socket, only)
    this.#written?.settle()
    return goesOn
  }

  #sendSeveral(pieces: Uint8Array[]): boolean {
    const socket = this.#socket
    if (this.#below !== undefined && this.#writeJoined(pieces)) return !socket.writableNeedDrain
    socket.cork()
    for (const bytes of pieces) {
      socket.write(bytes)
      this.#written?.add(bytes)
    }
    socket.uncork()
    this.#written?.settle()
    return socket.writableLength === 0 || !socket.writableNeedDrain
  }

  /**
   * TLS encrypts one piece where it is, when nothing waits before it, but gets fresh memory to join several. Afterwards it needs them no more.
   * @returns false when that cannot be done now
   */
  #writeJoined(pieces: Uint8Array[]): boolean {
    if (this.#socket.writableLength > 0) return false
    let end = 0
    for (const bytes of pieces) {
      if (end + bytes.length > JOINED.length) return false
      JOINED.set(bytes, end)
      end += bytes.length
    }
    this.#socket.write(JOINED.subarray(0, end))
    return true
  }

  takeSocket(): Socket {
    return this.#socket
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#closing = true
    this.#socket.end()
  }

  reset(reason: Error): void {
    this.#reason ??= reason
    if (this.#below === undefined) {
      abort(this.#socket)
      return
    }
    this.#below.reset(reason)
    this.#socket.destroy()
  }
}

/** One piece costs less than several, where copying them costs next to nothing. @returns undefined when it is too much */
function joinSmall(pieces: readonly Uint8Array[]): Buffer | undefined {
  let length = 0
  for (const bytes of pieces) length += bytes.length
  if (length > SMALL_BYTES) return undefined
  const joined = Buffer.allocUnsafe(length)
  let end = 0
  for (const bytes of pieces) {
    joined.set(bytes, end)
    end += bytes.length
  }
  return joined
}

/**
 * Says RST at once. Node's `resetAndDestroy` says FIN before, which TLS at the far end takes for an orderly end; what it sets for
 * `destroy` is set here without that.
 */
function abort(socket: Socket): void {
  Object.assign(socket, { resetAndClosing: true })
  socket.destroy()
}
