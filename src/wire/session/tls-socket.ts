/** What Node's TLS sockets lack beside ordinary ones. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What Node's sockets have and do not declare: the connection is reset when it is closed. */
interface Inner {
  resetAndClosing?: boolean
}

/**
 * A TLS socket that can be reset as others can; Node refuses that. The one below must not be reset by itself: its TLS would be freed at once, also when
 * OpenSSL has just called us, and that ends the process.
 * @param below the one that it was made of
 */
export function withReset(socket: TLSSocket, below: Socket): TLSSocket {
  socket.resetAndDestroy = () => {
    const inner = below as Socket & Inner
    // While a connection shuts down the kernel's handle refuses to be reset, and Node would then never close it.
    inner.resetAndClosing = !socket.writableEnded || socket.writableFinished
    return socket.destroy()
  }
  return socket
}
