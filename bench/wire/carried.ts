/**
 * A tunnel whose session runs over a circuit through a manager: `node bench/wire/carried.ts SIDE PORT [TO]`. `manager` listens for both ends and joins
 * their circuits; `far` dials the manager at PORT and leads to TO; `near` dials it and listens. `manager` and `near` print their port.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { systemClock as clock } from '../../src/lib/clock.ts'
import { createSlabServer } from '../../src/lib/slab-server.ts'
import { connectSlabs } from '../../src/lib/slab-socket.ts'
import { acceptCircuit } from '../../src/wire/carrier/accept-circuit.ts'
import { openCircuit } from '../../src/wire/carrier/open-circuit.ts'
import { splice } from '../../src/wire/carrier/splice.ts'
import { spliceSocket } from '../../src/wire/carrier/splice-socket.ts'
import { Redial } from '../../src/wire/durable/redial.ts'
import { Registry } from '../../src/wire/durable/registry.ts'
import type { Link } from '../../src/wire/link/link.ts'
import { dialTcp, tcpLink } from '../../src/wire/link/tcp.ts'
import type { Flow } from '../../src/wire/mux/contract.ts'
import { createMux, type LinkMux } from '../../src/wire/mux/mux.ts'
import { createIdentity } from '../../src/wire/session/identity.ts'
import { secure } from '../../src/wire/session/tls.ts'

const [side = '', ...ports] = process.argv.slice(2)
const [port = 0, to = 0] = ports.map(Number)
const identity = createIdentity({ subject: 'bench' })
const { signal } = new AbortController()
const onClose = (): void => {}

async function listen(onSocket: Parameters<typeof createSlabServer>[1]): Promise<void> {
  const server = createSlabServer({ noDelay: true, allowHalfOpen: true }, onSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
}

/** The first who comes is the far end. */
async function manager(): Promise<void> {
  let far: LinkMux | undefined
  const onFlow = (flow: Flow, header: Buffer): void => {
    if (far !== undefined) void splice(flow, far.open(header))
  }
  await listen((socket) => {
    const mux = createMux(tcpLink(socket, { givesBack: true }), { side: 'server', handlers: { onFlow, onClose } })
    far ??= mux
  })
}

async function takeCircuit(flow: Flow, header: Buffer): Promise<void> {
  const circuit = acceptCircuit(flow, header)
  if (circuit === undefined) return
  const { link } = await secure(circuit.link, { side: 'server', identity, verify: () => undefined, signal })
  const durable = await new Registry().accept(link, { owner: 'x', clock, durable: {}, maxGraceMs: 0 })
  if (durable === undefined) return
  const onStream = (stream: Flow): void => {
    stream.pause()
    const out = connectSlabs({ host: '127.0.0.1', port: to, noDelay: true, allowHalfOpen: true })
    out.pause()
    out.once('connect', () => {
      stream.resume()
      void spliceSocket(stream, out)
    })
  }
  createMux(durable, { side: 'server', handlers: { onFlow: onStream, onClose } })
}

async function near(): Promise<void> {
  const carrier = createMux(await dialTcp('127.0.0.1', port), { side: 'client', handlers: { onFlow() {}, onClose } })
  const circuit = openCircuit(carrier, { to: 'dialer' })
  const { link } = await secure(circuit, { side: 'client', identity, verify: () => undefined, signal })
  const noNext = (): Promise<Link> => Promise.reject(new Error('one link only'))
  const redial = new Redial(link, { clock, connect: noNext, durable: { graceMs: 0 } })
  const mux = createMux(redial.link, { side: 'client', handlers: { onFlow() {}, onClose } })
  await listen((socket) => void spliceSocket(mux.open(Buffer.alloc(0)), socket))
}

if (side === 'manager') await manager()
else if (side === 'near') await near()
else {
  const onFlow = (flow: Flow, header: Buffer): void => void takeCircuit(flow, header)
  createMux(await dialTcp('127.0.0.1', port), { side: 'client', handlers: { onFlow, onClose } })
  process.stdout.write('0\n')
}
