/** For tests: an app, a laptop, and between them the code under test, all with real sockets. */
import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { FakeClock } from '../../lib/fake-clock.ts'
import { StreamRefused } from '../../wire/session/refused.ts'
import type { Choice, Routing } from '../routing.ts'
import { acceptConnection } from './accept.ts'
import { socketStream } from './upstream.ts'

const servers: (Server | http.Server)[] = []
const dialled: Socket[] = []

/** Ends all that the tests began. */
export async function closePlaces(): Promise<void> {
  for (const socket of dialled) socket.destroy()
  await Promise.all(
    servers.map(async (server) => {
      const closed = once(server, 'close')
      server.close()
      if (server instanceof http.Server) server.closeAllConnections()
      await closed
    }),
  )
}

export async function listening<T extends Server | http.Server>(server: T): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  dialled.push(socket)
  await once(socket, 'connect')
  return socket
}

/** An HTTP server that says its name and what it was asked. */
export function echo(name: string): http.Server {
  return http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    if (request.url === '/trailers') {
      response.writeHead(200, { Trailer: 'X-Sum', 'X-Case': 'Kept' })
      response.write('part one ')
      response.addTrailers({ 'X-Sum': '42' })
      response.end('part two')
      return
    }
    if (request.url === '/empty') return response.writeHead(204).end()
    if (request.url === '/big') return response.end(Buffer.alloc(3_000_000, 'x'))
    response.setHeader('x-name', name)
    response.end(`${name} ${request.method} ${request.url} ${body.length}`)
  })
}

export interface Place {
  /** Port of the agent's listener. */
  port: number
  appPort: number
  laptopPort: number
  laptop: { up: boolean; opened: number }
  /** Whole connections go to the laptop. */
  all: { raw: boolean }
  /** What was asked of the routing, in order. */
  decided: string[]
  counts: Routing['counts']
  /** Lets the silence of the connection that comes next be over. */
  silence(): Promise<void>
}

/** App, laptop and between them the code under test: requests with `x-user: jane` go to the laptop. */
export async function place(
  app: Server | http.Server = echo('app'),
  laptop: Server | http.Server = echo('laptop'),
): Promise<Place> {
  const appPort = await listening(app)
  const laptopPort = await listening(laptop)
  const state = { up: true, opened: 0 }
  const all = { raw: false }
  const decided: string[] = []
  const clock = new FakeClock()
  const toLaptop: Choice = {
    to: 'laptop',
    key: 'i1',
    async open(data) {
      if (!state.up) throw new StreamRefused('ECONNREFUSED', 'nothing listens')
      state.opened++
      const stream = socketStream(await dial(laptopPort))
      stream.send(data)
      return stream
    },
  }
  const routing: Routing = {
    wanted: () => true,
    decide(_port, { method, headers, path }) {
      const choice: Choice = headers.get('x-user') === 'jane' ? toLaptop : { to: 'app' }
      decided.push(`${choice.to} ${method} ${path}`)
      return choice
    },
    decideRaw: () => (all.raw ? toLaptop : { to: 'app' }),
    counts: { app: 0, laptop: 0, refused: 0 },
  }
  const listener = createServer({ pauseOnConnect: true }, (client) =>
    acceptConnection(client, { host: '127.0.0.1', port: appPort }, routing, clock),
  )
  const port = await listening(listener)
  const silence = async (): Promise<void> => {
    await once(listener, 'connection')
    clock.advance(1000)
  }
  return { port, appPort, laptopPort, laptop: state, all, decided, counts: routing.counts, silence }
}

/** Sends bytes, closes the sending side, returns all that came. */
export async function exchange(port: number, sent: string | Buffer, { end = true } = {}): Promise<string> {
  const socket = await dial(port)
  if (end) socket.end(sent)
  else socket.write(sent)
  return Buffer.concat(await socket.toArray()).toString('latin1')
}

/** A request without a body. */
export const get = (path: string, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: orders', ...headers, '', ''].join('\r\n')
