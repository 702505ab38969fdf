/** Connects to an address of the cluster for a laptop. */
import { promises as dns, type LookupAddress } from 'node:dns'
import { isIP, type Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import { connectSlabs } from '../../lib/slab-socket.ts'
import { spliceSocket } from '../../wire/carrier/splice-socket.ts'
import type { RefusalCode } from '../../wire/messages/open.ts'
import type { Opening } from '../../wire/session/contract.ts'
import type { Networks } from './networks.ts'

/** For one address, and for all of a name together. */
const CONNECT_MS = 10_000

export interface DialContext {
  networks: Pick<Networks, 'verdict'>
  clock: Clock
  /** All addresses of a name, best first. Rejects with the resolver's code. */
  lookup?: (name: string) => Promise<LookupAddress[]>
}

class Refusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Answers one `dial`. A name is resolved first: what is decided on is the address that is then connected to. */
export async function dial(opening: Opening, host: string, port: number, context: DialContext): Promise<void> {
  const limit = new AbortController()
  const timer = context.clock.after(CONNECT_MS, () =>
    limit.abort(new Refusal('ETIMEDOUT', `${host}:${port} did not answer within ${CONNECT_MS / 1000} s`)),
  )
  let socket: Socket
  try {
    const signal = AbortSignal.any([opening.signal, limit.signal])
    const addresses = allowed(await resolve(host, context.lookup, signal), host, context.networks)
    socket = await connectToFirst(addresses, port, signal)
  } catch (error) {
    if (opening.signal.aborted) return
    const { code, message } = error instanceof Refusal ? error : refusalOf(error as NodeJS.ErrnoException)
    opening.refuse(code, message)
    return
  } finally {
    timer.cancel()
  }
  const { remoteAddress = '', remotePort = port, remoteFamily } = socket
  const shown = remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress
  await spliceSocket(opening.accept({ ok: true, address: `${shown}:${remotePort}` }), socket)
}

async function resolve(host: string, lookup: DialContext['lookup'], signal: AbortSignal): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  const given = Promise.withResolvers<never>()
  const give = (): void => given.reject(signal.reason as Error)
  signal.addEventListener('abort', give, { once: true })
  // The system's resolver cannot be stopped, only not be waited for.
  const found = await Promise.race([(lookup ?? lookupAll)(host), given.promise]).finally(() =>
    signal.removeEventListener('abort', give),
  )
  return found.map(({ address }) => address)
}

function lookupAll(name: string): Promise<LookupAddress[]> {
  return dns.lookup(name, { all: true })
}

/** Those of a name's addresses that may be dialled; when none may, why. */
function allowed(addresses: string[], host: string, networks: Pick<Networks, 'verdict'>): string[] {
  const inside = addresses.filter((address) => networks.verdict(address) === 'inside')
  if (inside.length > 0) return inside
  if (addresses.some((address) => networks.verdict(address) === 'forbidden')) {
    throw new Refusal('forbidden', `${host} is not dialled for laptops`)
  }
  throw new Refusal('outside', `${host} is not an address of the cluster`)
}

/** The next address is tried when one fails; the last failure counts. */
async function connectToFirst(addresses: string[], port: number, signal: AbortSignal): Promise<Socket> {
  let failure: unknown
  for (const address of addresses) {
    try {
      return await connectTo(address, port, signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      failure = error
    }
  }
  throw failure
}

async function connectTo(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connectSlabs({ host, port, noDelay: true, allowHalfOpen: true })
  socket.pause()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const give = (): void => reject(signal.reason as Error)
  socket.once('connect', resolve).once('error', reject)
  signal.addEventListener('abort', give, { once: true })
  try {
    await promise
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
  if (code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL') return new Refusal('EHOSTUNREACH', message)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new Refusal('ENOTFOUND', message)
  return new Refusal('unknown', message)
}
