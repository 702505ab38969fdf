/** The port for carriers. */
import { once } from 'node:events'
import type { Server } from 'node:net'
import { createSlabServer } from '../../lib/slab-server.ts'
import { tcpLink } from '../../wire/link/tcp.ts'
import { type CarrierOptions, carry } from './carrier.ts'
import { Strangers } from './strangers.ts'

/** Connections that have proved no key yet are among them. */
const MAX_CONNECTIONS = 20_000

/** Accepts carriers until the server is closed. Rejects when the port is taken. */
export async function listenForCarriers(port: number, options: CarrierOptions): Promise<Server> {
  const strangers = new Strangers()
  const server = createSlabServer({ noDelay: true, keepAlive: true }, (socket) => {
    const known = strangers.enter(socket.remoteAddress ?? '')
    if (known === undefined) socket.destroy()
    else void carry(tcpLink(socket, { givesBack: true }), options, known).finally(known)
  })
  server.maxConnections = MAX_CONNECTIONS
  server.listen(port)
  await once(server, 'listening')
  return server
}
