/** The orderly end of a client's connection. */
import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import { readDirectly } from '../../lib/slab-socket.ts'

/** How long the client may take to end its side, once it has been told all. */
const LINGER_MS = 5000

/**
 * Says the last thing, then ends. What the client still sends is read and dropped: closing over unread bytes would reset
 * the connection, and the client could lose the answer (RFC 9112 §9.6).
 */
export function closeClient(client: Socket, clock: Clock, last?: Buffer): void {
  if (client.destroyed) return
  readDirectly(client, undefined)
  client.removeAllListeners('data').removeAllListeners('end')
  client.on('data', () => {}).resume()
  if (last !== undefined && client.writable) client.write(last)
  client.end(() => {
    const timer = clock.after(LINGER_MS, () => client.destroy())
    client.once('close', () => timer.cancel())
  })
}
