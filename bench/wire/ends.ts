/**
 * The two ends of a tunnel, one process each: `node bench/wire/ends.ts KIND SIDE PORT` listens on a free port, which it prints, and leads
 * to PORT. KIND: `mux` (durable link and mux on one TCP link), `mux-tls` (a whole session), `pipe` (a TCP connection for each), `pipe-tls`.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import tls from 'node:tls'
import { systemClock as clock } from '../../src/lib/clock.ts'
import { createSlabServer } from '../../src/lib/slab-server.ts'
import { connectSlabs } from '../../src/lib/slab-socket.ts'
import { spliceSocket } from '../../src/wire/carrier/splice-socket.ts'
import { Redial } from '../../src/wire/durable/redial.ts'
import { Registry } from '../../src/wire/durable/registry.ts'
import type { Link } from '../../src/wire/link/link.ts'
import { dialTcp, tcpLink } from '../../src/wire/link/tcp.ts'
import type { Flow } from '../../src/wire/mux/contract.ts'
import { createMux } from '../../src/wire/mux/mux.ts'
import { createIdentity } from '../../src/wire/session/identity.ts'
import { secure } from '../../src/wire/session/tls.ts'

const [kind = '', side = '', to = ''] = process.argv.slice(2)
const port = Number(to)
const identity = createIdentity({ subject: 'bench' })
const { signal } = new AbortController()
const secured = async (link: Link, as: 'client' | 'server'): Promise<Link> =>
  kind === 'mux-tls' ? (await secure(link, { side: as, identity, verify: () => undefined, signal })).link : link
const ignore = { onFlow() {}, onClose() {} }

function dial(): Socket {
  return connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
}

async function listen(onSocket: (socket: Socket) => void): Promise<void> {
  const options = { pauseOnConnect: true, noDelay: true, allowHalfOpen: true }
  const server = kind.startsWith('mux') ? createSlabServer(options, onSocket) : createServer(options, onSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
}

async function muxNear(): Promise<void> {
  const near = await secured(await dialTcp('127.0.0.1', port), 'client')
  const noNext = (): Promise<Link> => Promise.reject(new Error('one link only'))
  const { link } = new Redial(near, { clock, connect: noNext, durable: { graceMs: 0 } })
  const mux = createMux(link, { side: 'client', handlers: ignore })
  await listen((socket) => void spliceSocket(mux.open(Buffer.alloc(0)), socket))
}

async function muxFar(): Promise<void> {
  await listen(async (socket) => {
    const far = await secured(tcpLink(socket), 'server')
    const link = await new Registry().accept(far, { owner: 'x', clock, durable: {}, maxGraceMs: 0 })
    if (link === undefined) return
    const onFlow = (flow: Flow): void => {
      const out = connectSlabs({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
      flow.pause()
      out.pause()
      out.once('connect', () => {
        flow.resume()
        void spliceSocket(flow, out)
      })
    }
    createMux(link, { side: 'server', handlers: { onFlow, onClose() {} } })
  })
}

function pair(left: Socket, right: Socket): void {
  left.pipe(right)
  right.pipe(left)
  for (const socket of [left, right]) socket.on('error', () => {})
}

async function pipeNear(): Promise<void> {
  await listen((socket) => {
    if (kind === 'pipe') pair(socket, dial())
    else {
      const out = tls.connect({ socket: dial(), rejectUnauthorized: false, minVersion: 'TLSv1.3', ca: [] })
      out.setNoDelay(true)
      pair(socket, out)
    }
  })
}

async function pipeFar(): Promise<void> {
  const pem = (label: string, der: Buffer): string =>
    `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`
  const context = tls.createSecureContext({
    key: identity.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: pem('CERTIFICATE', identity.certificate),
    minVersion: 'TLSv1.3',
  })
  await listen((socket) => {
    const inner = kind === 'pipe' ? socket : new tls.TLSSocket(socket, { isServer: true, secureContext: context })
    pair(inner, dial())
  })
}

if (kind.startsWith('mux')) await (side === 'near' ? muxNear() : muxFar())
else await (side === 'near' ? pipeNear() : pipeFar())
