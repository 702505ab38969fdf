/** How much of what was written to a connection is still here. */
import type { Socket } from 'node:net'

/** What Node's sockets have and do not declare. */
interface Inner {
  _handle?: { writeQueueSize?: number } | null
}

/**
 * Bytes that the kernel has not taken: those of writes that wait, and the rest of the one under way. Changes whenever the kernel takes some of
 * them, where `unsentBytes` (`slab-socket.ts`) changes when a whole write is gone. Only 0 and the changes mean something: some may count twice.
 */
export function leftToSend(socket: Socket): number {
  const { _handle: handle } = socket as Inner
  return socket.writableLength + (handle?.writeQueueSize ?? 0)
}
