/** The socket that taken connections arrive at: transparent, so that it accepts what is addressed to other ports. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import koffi from 'koffi'

const SOL_IP = 0
const IP_TRANSPARENT = 19
const SOL_IPV6 = 41
const IPV6_TRANSPARENT = 75

export interface Listener {
  port: number
  families: ('ip' | 'ip6')[]
  close(): void
}

/** Listens on a free port, on both address families where there are both. Needs CAP_NET_ADMIN. */
export async function listenTransparent(onConnection: (client: Socket) => void): Promise<Listener> {
  const v4 = await listen('0.0.0.0', 0, onConnection)
  const { port } = v4.address() as AddressInfo
  setTransparent(v4, SOL_IP, IP_TRANSPARENT)
  let v6: Server | undefined
  try {
    v6 = await listen('::', port, onConnection)
    setTransparent(v6, SOL_IPV6, IPV6_TRANSPARENT)
  } catch {
    // The pod has no IPv6.
    v6?.close()
    v6 = undefined
  }
  return {
    port,
    families: v6 === undefined ? ['ip'] : ['ip', 'ip6'],
    close() {
      v4.close()
      v6?.close()
    },
  }
}

async function listen(host: string, port: number, onConnection: (client: Socket) => void): Promise<Server> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true }, (client) => {
    // Not taken over, but sent to this port itself: there is nothing here.
    if (client.localPort === (server.address() as AddressInfo | null)?.port) client.resetAndDestroy()
    else onConnection(client)
  })
  server.listen({ host, port, ipv6Only: true, backlog: 4096 })
  await once(server, 'listening')
  return server
}

function setTransparent(server: Server, level: number, option: number): void {
  const { _handle: handle } = server as unknown as { _handle: { fd: number } }
  const libc = koffi.load('libc.so.6')
  const setsockopt = libc.func('int setsockopt(int, int, int, void *, unsigned int)')
  const on = Buffer.alloc(4)
  on.writeInt32LE(1)
  if (setsockopt(handle.fd, level, option, on, on.length) === 0) return
  const strerror = libc.func('const char *strerror(int)')
  throw new Error(`the listener cannot be transparent: ${strerror(koffi.errno())}`)
}
