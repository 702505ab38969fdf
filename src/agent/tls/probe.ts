/** How the app answers a TLS connection: seen by making one. */
import { isIP, type Socket, connect as tcpConnect } from 'node:net'
import { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import type { Clock } from '../../lib/clock.ts'
import { readServerFlight, type ServerFlight } from './server-flight.ts'

export interface AppAnswer extends ServerFlight {
  /** It takes such a client: one without a certificate, or with the one that was shown. */
  accepts: boolean
}

export interface ProbeOptions {
  host: string
  port: number
  servername: string
  protocols: readonly string[]
  /** What it is shown when it asks who we are; PEM. */
  own?: { cert: string; key: string }
  clock: Clock
}

const PROBE_MS = 5000
/** Who is not refused by then is taken. */
const REFUSAL_MS = 300
const MAX_SAID_BYTES = 256 * 1024
const SECRET = /^SERVER_HANDSHAKE_TRAFFIC_SECRET \S+ ([0-9a-f]+)/

/** Rejects when there is no TLS there, or none that we can speak. */
export async function probeApp(options: ProbeOptions): Promise<AppAnswer> {
  const { host, port, servername, protocols, own, clock } = options
  const below = tcpConnect({ host, port, noDelay: true })
  const said: Buffer[] = []
  let secret: Buffer | undefined
  const socket = connect({
    socket: watched(below, said),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(servername !== '' && isIP(servername) === 0 && { servername }),
    ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
    ...own,
  })
  socket.on('keylog', (line: Buffer) => {
    const hex = SECRET.exec(line.toString())?.[1]
    if (hex !== undefined) secret = Buffer.from(hex, 'hex')
  })
  try {
    const failure = await handshake(socket, below, clock)
    const flight = readServerFlight(Buffer.concat(said), secret)
    if (flight.chain.length === 0) throw failure ?? new Error('it shows no certificate')
    const accepts = failure === undefined && (flight.authorities === undefined || (await isTaken(socket, clock)))
    // A refusal that has nothing to do with who we are.
    if (failure !== undefined && flight.authorities === undefined) throw failure
    return { ...flight, accepts }
  } finally {
    socket.destroy()
    below.destroy()
  }
}

/** Resolves with why it failed. */
async function handshake(socket: TLSSocket, below: Socket, clock: Clock): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  socket.once('secureConnect', () => resolve(undefined)).on('error', resolve)
  socket.once('close', () => resolve(new Error('the app closes the connection')))
  below.once('error', resolve)
  const timer = clock.after(PROBE_MS, () => resolve(new Error('the app does not answer')))
  const failure = await promise
  timer.cancel()
  return failure
}

/** Servers refuse a client after the handshake: in TLS 1.3 all do, and of the others those that judge certificates themselves. */
async function isTaken(socket: TLSSocket, clock: Clock): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket
    .once('error', () => resolve(false))
    .once('close', () => resolve(false))
    .once('end', () => resolve(false))
  const timer = clock.after(REFUSAL_MS, () => resolve(true))
  socket.resume()
  const taken = await promise
  timer.cancel()
  return taken
}

/** The same connection; the first that is read of it is kept. */
function watched(below: Socket, said: Buffer[]): Duplex {
  let bytes = 0
  const above = new Duplex({
    read: () => void below.resume(),
    write: (chunk: Buffer, _encoding, done) => void below.write(chunk, done),
    final: (done) => void below.end(done),
  })
  below.on('data', (chunk: Buffer) => {
    if (bytes < MAX_SAID_BYTES) said.push(chunk)
    bytes += chunk.length
    if (!above.push(chunk)) below.pause()
  })
  below.on('end', () => above.push(null))
  below.on('error', (error) => above.destroy(error))
  return above
}
