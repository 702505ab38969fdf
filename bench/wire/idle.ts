/**
 * One end of a link with flows that do nothing: `node bench/wire/idle.ts far` listens and prints its port, `node bench/wire/idle.ts near PORT` dials it. Each line
 * on its standard input is a number of flows to open, each of which says a byte and hears one; then it prints `open N`.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { systemClock as clock } from '../../src/lib/clock.ts'
import { keepSmall } from '../../src/lib/keep-small.ts'
import { createSlabServer } from '../../src/lib/slab-server.ts'
import { Redial } from '../../src/wire/durable/redial.ts'
import { Registry } from '../../src/wire/durable/registry.ts'
import type { Link } from '../../src/wire/link/link.ts'
import { dialTcp, tcpLink } from '../../src/wire/link/tcp.ts'
import type { Flow, FlowHandlers } from '../../src/wire/mux/contract.ts'
import { createMux, type LinkMux } from '../../src/wire/mux/mux.ts'

const [side, port] = process.argv.slice(2)
const QUIET: FlowHandlers = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} }

keepSmall(clock)

async function openOne(mux: LinkMux): Promise<void> {
  const heard = Promise.withResolvers<void>()
  const flow = mux.open(Buffer.from('{}'), Buffer.from('?'))
  flow.bind({ ...QUIET, onData: () => heard.resolve() })
  await heard.promise
  flow.bind(QUIET)
}

async function near(): Promise<void> {
  const noNext = (): Promise<Link> => Promise.reject(new Error('one link only'))
  const first = await dialTcp('127.0.0.1', Number(port))
  const { link } = new Redial(first, { clock, connect: noNext, durable: { graceMs: 0 } })
  const mux = createMux(link, { side: 'client', handlers: { onFlow() {}, onClose() {} } })
  process.stdout.write('0\n')
  for await (const line of createInterface(process.stdin)) {
    await Promise.all(Array.from({ length: Number(line) }, () => openOne(mux)))
    process.stdout.write(`open ${mux.size}\n`)
  }
}

async function far(): Promise<void> {
  const server = createSlabServer({ noDelay: true }, async (socket) => {
    const link = await new Registry().accept(tcpLink(socket), { owner: 'x', clock, durable: {}, maxGraceMs: 0 })
    if (link === undefined) return
    const onFlow = (flow: Flow): void => flow.bind({ ...QUIET, onData: () => void flow.send(Buffer.from('!')) })
    createMux(link, { side: 'server', handlers: { onFlow, onClose() {} } })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
}

await (side === 'near' ? near() : far())
