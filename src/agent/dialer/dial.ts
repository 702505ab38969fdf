/** Connects to an address of the cluster for a laptop. */
import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { spliceSocket } from '../../wire/carrier/splice-socket.ts'
import type { RefusalCode } from '../../wire/messages/open.ts'
import type { Opening } from '../../wire/session/contract.ts'
import type { Networks } from './networks.ts'

const CONNECT_MS = 10_000

class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Answers one `dial`. */
export async function dial(opening: Opening, host: string, port: number, networks: Networks): Promise<void> {
  let socket: Socket
  try {
    const address = await resolve(host)
    decide(networks, address, host)
    socket = await connectTo(address, port, opening.signal)
  } catch (error) {
    if (opening.signal.aborted) return
    const { code, message } = error instanceof Refusal ? error : refusalOf(error as NodeJS.ErrnoException)
    opening.refuse(code, message)
    return
  }
  const stream = opening.accept({ ok: true, address: `${socket.remoteAddress}:${socket.remotePort}` })
  await spliceSocket(stream, socket)
}

async function resolve(host: string): Promise<string> {
  if (isIP(host) !== 0) return host
  const { address } = await lookup(host)
  return address
}

function decide(networks: Networks, address: string, host: string): void {
  const verdict = networks.verdict(address)
  if (verdict === 'outside') throw new Refusal('outside', `${host} is not an address of the cluster`)
  if (verdict === 'forbidden') throw new Refusal('forbidden', `${host} is not dialled for laptops`)
}

async function connectTo(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
  socket.pause()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const give = (): void => reject(signal.reason as Error)
  socket.once('connect', resolve).once('error', reject)
  socket.setTimeout(CONNECT_MS, () => reject(new Refusal('ETIMEDOUT', `${host}:${port} did not answer within 10 s`)))
  signal.addEventListener('abort', give, { once: true })
  try {
    await promise
    socket.setTimeout(0)
    return socket
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  } finally {
    socket.off('error', reject)
    signal.removeEventListener('abort', give)
  }
}

function refusalOf({ code, message }: NodeJS.ErrnoException): Refusal {
  if (code === 'ECONNREFUSED' || code === 'ETIMEDOUT' || code === 'EHOSTUNREACH') return new Refusal(code, message)
  if (code === 'ENETUNREACH') return new Refusal('EHOSTUNREACH', message)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new Refusal('ENOTFOUND', message)
  return new Refusal('unknown', message)
}
