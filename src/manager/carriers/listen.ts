/** The port for carriers. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { acceptSlabs } from '../../lib/slab-socket.ts'
import { tcpLink } from '../../wire/link/tcp.ts'
import { type CarrierOptions, carry } from './carrier.ts'
import { Strangers } from './strangers.ts'

/** Connections that have proved no key yet are among them. */
const MAX_CONNECTIONS = 20_000

/** Accepts carriers until the server is closed. Rejects when the port is taken. */
export async function listenForCarriers(port: number, options: CarrierOptions): Promise<Server> {
  const strangers = new Strangers()
  const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) => {
    const known = strangers.enter(socket.remoteAddress ?? '')
    if (known === undefined) socket.destroy()
    else void carry(tcpLink(acceptSlabs(socket)), options, known).finally(known)
  })
  server.maxConnections = MAX_CONNECTIONS
  server.listen(port)
  await once(server, 'listening')
  return server
}
