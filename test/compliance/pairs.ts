/** Pairs of joined links, one maker for each kind. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { systemClock } from '../../src/lib/clock.ts'
import { acceptCircuit } from '../../src/wire/carrier/accept-circuit.ts'
import { openCircuit } from '../../src/wire/carrier/open-circuit.ts'
import { splice } from '../../src/wire/carrier/splice.ts'
import { Redial } from '../../src/wire/durable/redial.ts'
import { Registry } from '../../src/wire/durable/registry.ts'
import type { Link } from '../../src/wire/link/link.ts'
import { memoryPair } from '../../src/wire/link/memory.ts'
import { dialTcp, tcpLink } from '../../src/wire/link/tcp.ts'
import { createMux } from '../../src/wire/mux/mux.ts'
import { createIdentity } from '../../src/wire/session/identity.ts'
import { secure } from '../../src/wire/session/tls.ts'

export type MakePair = () => Promise<[Link, Link]>

export async function tcpPair(): Promise<[Link, Link]> {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const left = await dialTcp('127.0.0.1', (server.address() as AddressInfo).port)
  const [socket] = (await accepted) as [Socket]
  server.close()
  return [left, tcpLink(socket)]
}

/** A circuit through a switch: laptop, manager and agent joined by two carriers. */
export async function circuitPair(): Promise<[Link, Link]> {
  const [laptop, managerFront] = memoryPair('front')
  const [managerBack, agent] = await tcpPair()
  const far = Promise.withResolvers<Link>()
  const ignore = { onFlow() {}, onClose() {} }
  const back = createMux(managerBack, { side: 'server', handlers: ignore })
  createMux(agent, {
    side: 'client',
    handlers: {
      onFlow(flow, header) {
        const circuit = acceptCircuit(flow, header)
        if (circuit !== undefined) far.resolve(circuit.link)
      },
      onClose() {},
    },
  })
  const front = createMux(managerFront, {
    side: 'server',
    handlers: {
      onFlow: (flow, header) => void splice(flow, back.open(header)),
      onClose: () => back.close(),
    },
  })
  const carrier = createMux(laptop, { side: 'client', handlers: { onFlow() {}, onClose: () => front.close() } })
  const near = openCircuit(carrier, { to: 'agent/1' })
  const farLink = await far.promise
  return [closing(near, () => carrier.close()), farLink]
}

/** TLS over TCP, as a session has it below its mux. */
export async function tlsPair(): Promise<[Link, Link]> {
  const [left, right] = await tcpPair()
  const { signal } = new AbortController()
  const verify = (): undefined => undefined
  const [a, b] = await Promise.all([
    secure(left, { side: 'client', identity: createIdentity({ subject: 'a' }), verify, signal }),
    secure(right, { side: 'server', identity: createIdentity({ subject: 'b' }), verify, signal }),
  ])
  // The server's last words of the handshake leave in the turns that follow: a reset in between is seen as an end without a reason.
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  return [a.link, b.link]
}

/** What a session's mux runs on, over any other kind. */
function durable(makePair: MakePair): MakePair {
  return async () => {
    const [near, far] = await makePair()
    const noNext = (): Promise<Link> => Promise.reject(new Error('there is no next link'))
    const accepted = new Registry().accept(far, { owner: 'a', clock: systemClock, durable: {}, maxGraceMs: 0 })
    const { link } = new Redial(near, { clock: systemClock, connect: noNext, durable: { graceMs: 0 } })
    const server = await accepted
    if (server === undefined) throw new Error('it went to a session that was there')
    return [link, server]
  }
}

export const PAIRS: Record<string, MakePair> = {
  memory: async () => memoryPair(),
  tcp: tcpPair,
  circuit: circuitPair,
  'TLS over tcp': tlsPair,
  'durable over memory': durable(async () => memoryPair()),
  'durable over TLS over tcp': durable(tlsPair),
  'durable over circuit': durable(circuitPair),
}

/** The same link, that also runs `after` when it is over. */
function closing(link: Link, after: () => void): Link {
  return {
    ...link,
    bind: (handlers) =>
      link.bind({
        ...handlers,
        onClose(reason) {
          handlers.onClose(reason)
          after()
        },
      }),
  }
}
