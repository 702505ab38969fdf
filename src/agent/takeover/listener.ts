/** The socket that taken connections arrive at. */
import { once } from 'node:events'
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net'
import { ChurnSet } from '../../lib/churn.ts'
import { createSlabServer } from '../../lib/slab-server.ts'
import { closeTaken } from './close-taken.ts'
import type { TakeoverMode } from './nft.ts'

const BACKLOG = 4096

/** @param port the port that the client had asked for */
export type OnTaken = (client: Socket, port: number) => void

export interface Listener {
  /** Connections that are open now. */
  readonly size: number
  /** Takes what has come and no more; those that are open live on. */
  close(): Promise<void>
  /** Ends those that are open. */
  closeConnections(): void
}

/**
 * Accepts on sockets that listen already.
 * @param fds descriptors of listening sockets
 */
export async function listenOn(fds: number[], mode: TakeoverMode, onTaken: OnTaken): Promise<Listener> {
  const open = new ChurnSet<Socket>()
  // Only `redirect` needs to ask the kernel: the other way saves the memory.
  const portOf =
    mode === 'tproxy'
      ? (client: Socket): number | undefined => client.localPort
      : (await import('./original-port.ts')).originalPort
  const servers = await Promise.all(
    fds.map(async (fd) => {
      const server = createSlabServer({ allowHalfOpen: true, noDelay: true }, (client) => {
        const own = (server.address() as AddressInfo | null)?.port
        const port = portOf(client)
        // Not taken over, but sent to this port itself: there is nothing here.
        if (port === undefined || port === own) {
          client.on('error', () => {}).resetAndDestroy()
          return
        }
        open.add(client)
        client.once('close', () => open.delete(client))
        onTaken(client, port)
      })
      await listening(server, { fd, backlog: BACKLOG })
      return server
    }),
  )
  return {
    get size() {
      return open.size
    },
    async close() {
      await Promise.all(servers.map(closeTaken))
    },
    closeConnections() {
      for (const client of open) client.resetAndDestroy()
    },
  }
}

/** Resolves when the server listens. */
export async function listening(server: Server, options: ListenOptions & { fd?: number }): Promise<void> {
  server.listen(options)
  await once(server, 'listening')
}
