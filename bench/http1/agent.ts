/**
 * The agent's HTTP engine in a process of its own: `node bench/http1/agent.ts APP LAPTOP COUNT` listens on a free port, which it prints.
 * Requests that one of COUNT filters takes go to port LAPTOP, all others to port APP, both by TCP on loopback: what a session to a laptop
 * costs more is measured by `wire`. With a fourth argument, a file of certificates and keys, TLS is ended and begun again.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { acceptConnection } from '../../src/agent/http/accept.ts'
import { connectApp } from '../../src/agent/http/upstream.ts'
import type { Laptop } from '../../src/agent/laptops.ts'
import { Routes } from '../../src/agent/routes.ts'
import { AppTls } from '../../src/agent/tls/app-tls.ts'
import { Cancellation } from '../../src/lib/cancellation.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { keepSmall } from '../../src/lib/keep-small.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import { createSlabServer } from '../../src/lib/slab-server.ts'
import type { Stream } from '../../src/wire/session/contract.ts'
import { filters } from './filters.ts'

const [app, laptopPort, count] = process.argv.slice(2, 5).map(Number)
const [, , , , , pems] = process.argv
if (app === undefined || laptopPort === undefined || count === undefined) throw new Error('APP, LAPTOP and COUNT')

async function open(_header: unknown, { data = Buffer.alloc(0) }: { data?: Buffer }): Promise<{ stream: Stream }> {
  const stream = await connectApp('127.0.0.1', Number(laptopPort), new Cancellation())
  stream.send(data)
  return { stream }
}

keepSmall(systemClock)
const session = { peer: { publicKey: 'jane' }, open }
const laptop = { name: 'jane', session, watch: () => () => {} } as unknown as Laptop
const routes = new Routes({
  clock: systemClock,
  serving: () => laptop,
  source: async (ip) => ({ ip, pod: '', namespace: '' }),
  copier: () => ({ begin: () => undefined }),
  watcher: () => ({ see() {}, unread() {}, closed() {} }),
})
await routes.apply({
  kind: 'config',
  epoch: 1,
  generation: 1,
  routes: filters(count).map((filter, index) => ({
    intercept: `i${index}`,
    name: `shop/i${index}`,
    mode: 'intercept',
    session: 'jane',
    owner: 'jane',
    ports: [app],
    filter,
    priority: 0,
    ...(pems !== undefined && { tls: { files: [] } }),
  })),
  peers: { jane: 'jane' },
  probes: [],
  cidrs: [],
  denied: [],
})

/** As the helper that reads the app's files would find them. */
function ending(path: string): AppTls {
  const found = { files: [{ path, pem: readFileSync(path, 'utf8') }], unreadable: [], left: 0 }
  return new AppTls({ clock: systemClock, logger: silentLogger, files: { find: async () => found }, onChange() {} })
}

const tls = pems === undefined ? undefined : ending(pems)
const server = createSlabServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  acceptConnection(client, { host: '127.0.0.1', port: app }, routes, systemClock, tls)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
