/** The agent's HTTP engine between a test's clients and its servers: requests with `x-user: jane` go to the second one. */
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { acceptConnection } from '../../src/agent/http/accept.ts'
import { socketStream } from '../../src/agent/http/upstream.ts'
import type { Choice, Routing, Secure } from '../../src/agent/routing.ts'
import type { AppTls } from '../../src/agent/tls/app-tls.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createSlabServer } from '../../src/lib/slab-server.ts'

export interface Agent {
  port: number
  /** `METHOD path` of each request that it has read, in order; `whole` for a connection that it did not read. */
  decided: string[]
  /** How many it has refused. */
  readonly refused: number
  close(): Promise<void>
}

export interface AgentOptions {
  /** Ends the app's TLS; undefined: what is in TLS stays there. */
  tls?: AppTls
  /** The laptop's port for what is in TLS. */
  laptopOf?(secure: Secure | undefined): number
}

/** @param app, laptop ports of the two servers */
export async function startAgent(
  app: number,
  laptop: number,
  { tls, laptopOf = () => laptop }: AgentOptions = {},
): Promise<Agent> {
  const decided: string[] = []
  const open = new Set<Socket>()
  const toLaptop: Choice = {
    to: 'laptop',
    key: 'jane',
    intercept: 'jane',
    ifDown: 'error',
    async open(data, _from, signal, secure) {
      const socket = connect({ port: laptopOf(secure), host: '127.0.0.1', noDelay: true, allowHalfOpen: true, signal })
      await once(socket, 'connect')
      const stream = socketStream(socket)
      stream.send(data)
      return stream
    },
    watch: () => () => {},
  }
  const routing: Routing = {
    wanted: () => true,
    needs: () => ({ body: false, source: false }),
    source: async (ip) => ({ ip, pod: '', namespace: '' }),
    decide(_port, request) {
      decided.push(`${request.method} ${request.path}`)
      return { choice: request.header('x-user') === 'jane' ? toLaptop : { to: 'app' }, copiers: [] }
    },
    wantsInside: () => (tls === undefined ? undefined : []),
    decideRaw() {
      decided.push('whole')
      return { to: 'app' }
    },
    bridged() {},
    counts: { app: 0, laptop: 0, refused: 0, unheard: 0, declined: 0, unread: 0 },
  }
  const server = createSlabServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    open.add(client)
    client.once('close', () => open.delete(client))
    acceptConnection(client, { host: '127.0.0.1', port: app }, routing, systemClock, tls)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    decided,
    get refused() {
      return routing.counts.refused
    },
    async close() {
      for (const client of open) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
